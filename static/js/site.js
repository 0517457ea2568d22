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

  // Follow-up questions appear when the answer asks for them.
  const follow = (form) => {
    const chosen = [...form.querySelectorAll("input[name=value]:checked, input[name=values]:checked")].map((one) => one.value);
    form.querySelectorAll("[data-show-if]").forEach((part) => {
      const wanted = part.dataset.showIf.split(" ");
      part.hidden = !wanted.some((one) => chosen.includes(one));
    });
  };
  const prepare = (root) => root.querySelectorAll("form[data-answer]").forEach((form) => {
    follow(form);
    form.addEventListener("change", () => follow(form));
  });
  prepare(document);

  // What is typed is kept in this browser until the server has it, and offered again after a lost line.
  const keep = (form) => `draft:${location.pathname}:${form.dataset.keep}`;
  const read = (form) => JSON.stringify([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !/^(csrfmiddlewaretoken|key|seen_version|version)$/.test(name)));
  const say = (form, name) => {
    const line = form.querySelector("[data-status]");
    if (line && line.dataset[name]) { line.textContent = line.dataset[name]; line.className = name === "saved" ? "saved" : "unsaved"; }
  };
  const restore = (root) => root.querySelectorAll("form[data-keep]").forEach((form) => {
    const initial = read(form);
    const held = store && store.getItem(keep(form));
    if (held && held !== initial) {
      const values = JSON.parse(held);
      form.querySelectorAll("textarea, input[type=text], input[type=url], input[type=date], select").forEach((field) => {
        const found = values.filter(([name]) => name === field.name);
        const place = [...form.elements].filter((one) => one.name === field.name).indexOf(field);
        if (found[place]) field.value = found[place][1];
      });
      form.querySelectorAll("input[type=radio], input[type=checkbox]").forEach((field) => {
        field.checked = values.some(([name, value]) => name === field.name && value === field.value);
      });
      say(form, "kept");
    }
    form.addEventListener("input", () => { if (store) store.setItem(keep(form), read(form)); say(form, "unsaved"); });
    form.addEventListener("submit", () => { if (store && !form.hasAttribute("hx-post")) store.removeItem(keep(form)); });
  });
  restore(document);
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest && event.target.closest("form[data-keep]");
    if (!form) return;
    if (event.detail.successful) { if (store) store.removeItem(keep(form)); } else say(form, "kept");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if ([403, 409, 422].includes(event.detail.xhr.status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) { prepare(event.target.parentElement || document); } });
  window.addEventListener("online", () => document.querySelectorAll("form[data-keep][hx-post]").forEach((form) => {
    if (store && store.getItem(keep(form))) window.htmx.trigger(form, "retry");
  }));
})();
