// Enhancements only: every page reads and every form works without this file.
(() => {
  "use strict";
  const store = (() => { try { const s = window.localStorage; s.setItem("x", "x"); s.removeItem("x"); return s; } catch { return null; } })();
  const typing = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));

  // Keys: g then a letter goes, / filters, j and k move between rows, ? lists them.
  let pending = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (pending) {
      pending = false;
      const link = document.querySelector(`nav.main a[data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (event.key === "g") { pending = true; setTimeout(() => { pending = false; }, 1200); }
    else if (event.key === "/") { const box = document.querySelector("input[type=search]"); if (box) { event.preventDefault(); box.focus(); } }
    else if (event.key === "?") { const keys = document.getElementById("keys"); if (keys && !keys.open) keys.showModal(); }
    else if (event.key === "j" || event.key === "k") {
      const rows = [...document.querySelectorAll("[data-row] a.what, [data-row] th a")];
      const at = rows.indexOf(document.activeElement);
      const next = rows[at + (event.key === "j" ? 1 : -1)] || rows[0];
      if (next) next.focus();
    }
  });

  // The language changes as soon as it is chosen.
  const language = document.querySelector("form.language select");
  if (language) {
    language.form.querySelector("button").hidden = true;
    language.addEventListener("change", () => language.form.requestSubmit());
  }

  const formsIn = (root, which) => [...(root.matches?.(which) ? [root] : []), ...root.querySelectorAll(which)];

  // What the answer asks for appears; what holds words already stays in sight, since it is saved with the rest.
  const filled = (part) => [...part.querySelectorAll("input, textarea")].some((one) => /^(radio|checkbox)$/.test(one.type) ? one.checked : one.value.trim());
  const follow = (form) => {
    const chosen = new FormData(form);
    const has = (name, value) => chosen.getAll(name).includes(value);
    form.querySelectorAll("[data-show-if]").forEach((part) => {
      part.hidden = !filled(part) && !part.dataset.showIf.split(" ").some((one) => {
        const [name, value] = one.split(":");
        return value ? has(name, value) : has("value", one) || has("values", one);
      });
    });
  };

  // A list of rows always ends with an empty one.
  const grow = (list) => {
    const last = list.lastElementChild;
    if (!filled(last) || list.children.length >= Number(list.dataset.grow)) return;
    const row = last.cloneNode(true);
    const next = list.children.length + 1;
    row.querySelectorAll(".error").forEach((one) => one.remove());
    row.querySelectorAll("[id], [for]").forEach((one) => ["id", "for"].forEach((name) => { if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace(/\d+$/, next)); }));
    row.querySelectorAll("input").forEach((one) => { one.value = ""; one.removeAttribute("value"); });
    list.append(row);
  };

  const prepare = (root) => formsIn(root, "form[data-answer]").forEach((form) => {
    follow(form);
    form.addEventListener("change", (event) => {
      follow(form);
      const chosen = event.target.name === "language" && event.target.selectedOptions[0];
      if (chosen) form.querySelectorAll("[data-said]").forEach((one) => { one.lang = chosen.value; one.dir = chosen.dataset.dir; });
    });
    form.addEventListener("input", () => form.querySelectorAll("[data-grow]").forEach(grow));
  });

  // What is typed is kept in this browser until the server has it, and offered again after a lost line.
  // It remembers the version it was made from, so that what a colleague saved meanwhile is never passed over.
  const keep = (form) => `draft:${document.body.dataset.person || ""}:${location.pathname}:${form.dataset.keep}`;
  const passing = /^(csrfmiddlewaretoken|key|whole|seen_version|version)$/;
  const read = (form) => JSON.stringify([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !passing.test(name)));
  const versionOf = (form) => form.querySelector("input[name=seen_version], input[name=version]");
  const saved = new WeakMap();
  const sent = new WeakMap();
  const hold = (form, since = form.dataset.since || versionOf(form)?.value, sent = false) => { if (store) store.setItem(keep(form), JSON.stringify({ since, typed: read(form), sent })); };
  const held = (form) => { try { const found = JSON.parse(store?.getItem(keep(form))); return typeof found?.typed === "string" ? found : null; } catch { return null; } };
  const drop = (form) => { if (store) store.removeItem(keep(form)); };
  const says = { saved: "saved", unsaved: "unsaved", kept: "unsaved", held: "unsaved", refused: "unsaved" };
  const say = (form, ...names) => {
    const line = form.querySelector("[data-status]");
    if (!line) return;
    for (const name of names) {
      const said = line.dataset[name] || line.closest(`[data-${name}]`)?.dataset[name];
      if (said) { line.textContent = said; line.classList.remove("saved", "soft"); line.classList.add(says[name]); return; }
    }
  };
  const restore = (root) => formsIn(root, "form[data-keep]").forEach((form) => {
    saved.set(form, read(form));
    const kept = held(form);
    if (kept && kept.typed !== saved.get(form)) {
      const values = JSON.parse(kept.typed);
      form.querySelectorAll("[data-grow]").forEach((list) => {
        for (let rows = 0; rows < values.length && list.children.length < values.filter(([name]) => name === list.querySelector("input").name).length; rows += 1) {
          list.lastElementChild.querySelector("input").value = "·";
          grow(list);
        }
      });
      const taken = new Map();
      [...form.elements].filter((one) => one.name && !passing.test(one.name) && !/^(radio|checkbox|hidden|submit|file|password)$/.test(one.type)).forEach((one) => {
        const place = taken.get(one.name) || 0;
        const found = values.filter(([name]) => name === one.name)[place];
        taken.set(one.name, place + 1);
        if (found) one.value = found[1];
      });
      form.querySelectorAll("input[type=radio], input[type=checkbox]").forEach((one) => {
        one.checked = values.some(([name, value]) => name === one.name && value === one.value);
      });
      const version = versionOf(form);
      if (version && kept.since !== undefined && !form.dataset.since) version.value = kept.since;
      if (form.hasAttribute("data-answer")) follow(form);
      say(form, "kept", "held");
    }
    let waiting;
    form.addEventListener("input", (event) => {
      hold(form);
      say(form, "unsaved");
      clearTimeout(waiting);
      if (event.target.tagName === "TEXTAREA" && form.hasAttribute("hx-post") && window.htmx) waiting = setTimeout(() => window.htmx.trigger(form, "retry"), 4000);
    });
    form.addEventListener("submit", () => { if (!form.hasAttribute("hx-post") || !window.htmx) hold(form, undefined, true); });
  });
  const keeping = (event) => event.target.closest?.("form[data-keep][hx-post]");
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = keeping(event);
    if (!form) return;
    if (event.detail.requestConfig.triggeringEvent?.type !== "submit" && read(form) === saved.get(form)) event.preventDefault();
    else sent.set(form, read(form));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    const form = requestConfig.elt.closest("form[data-keep][hx-post]");
    if ([403, 409, 422].includes(xhr.status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
    // A page that is not the form's own answer (signed out, a fault) never replaces what was typed.
    if (form && !xhr.response.includes("data-status")) { event.detail.shouldSwap = false; event.detail.isError = true; say(form, "refused", "kept"); }
    else if (form && xhr.status < 300) {
      saved.set(form, sent.get(form));
      if (read(form) === sent.get(form)) drop(form);
      else hold(form, xhr.response.match(/name="seen_version" value="(\d+)"/)?.[1]);
    }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = keeping(event);
    if (!form || !form.isConnected) return;
    if (event.detail.xhr.status === 0 || event.detail.xhr.status >= 500) {
      say(form, "held", "kept");
      setTimeout(() => window.htmx.trigger(form, "retry"), 10000);
    } else if (event.detail.successful && read(form) !== saved.get(form)) say(form, "unsaved");
  });
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body) return;
    prepare(event.target);
    restore(event.target);
  });
  // A form sent as a whole is forgotten once a page says what came of it; a line that dropped leaves it to be offered again.
  const drafts = () => (store ? Object.keys(store).filter((name) => name.startsWith("draft:")) : []);
  if (document.querySelector("main > .notice.done[role=status]")) drafts().filter((name) => JSON.parse(store.getItem(name)).sent).forEach((name) => store.removeItem(name));
  prepare(document);
  restore(document);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-discard]");
    const form = link && document.querySelector(`form[data-keep="${CSS.escape(link.dataset.discard)}"]`);
    if (form) drop(form);
  }, true);
  window.addEventListener("online", () => document.querySelectorAll("form[data-keep][hx-post]").forEach((form) => {
    if (held(form)) window.htmx.trigger(form, "retry");
  }));

  // Whoever signs out leaves no drafts on this computer.
  document.querySelectorAll('form[action$="/logout/"]').forEach((form) => form.addEventListener("submit", () => {
    drafts().forEach((name) => store.removeItem(name));
  }));
})();
