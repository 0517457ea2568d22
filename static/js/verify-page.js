// The page /lots/verify/: reads the chosen file in this browser, has it checked, and says what came of it.
// Everything it says is on the page already, in the reader's language; nothing is sent anywhere.
// SPDX-License-Identifier: AGPL-3.0-or-later

import { sha256Hex, verify } from "./verify-draw.js";

const LARGEST = 20_000_000;
const LOOKS = { holds: "notice done", differs: "notice stop", other: "notice warn", unread: "notice warn", large: "notice warn" };

const field = document.getElementById("transcript");
const said = document.getElementById("said");
const found = document.getElementById("found");
const sentence = said.querySelector("[data-sentence]");
const detail = said.querySelector("[data-detail]");

// Says one of the sentences, or nothing; why is the English detail of a check.
function say(name = "", why = null) {
  said.className = LOOKS[name] ?? "";
  sentence.textContent = said.dataset[name] ?? "";
  detail.textContent = why ?? "";
  detail.parentElement.hidden = !why;
  found.hidden = name !== "holds";
}

// What a transcript that holds is about, and the digests to compare.
function fill(bytes) {
  const { phase, result, result_sha256, rules } = JSON.parse(new TextDecoder().decode(bytes));
  const facts = {
    phase,
    reviews: result.length,
    rehearsal: rules.rehearsal ? found.dataset.yes : found.dataset.no,
    file: sha256Hex(bytes),
    result: result_sha256,
  };
  for (const [name, value] of Object.entries(facts)) found.querySelector(`[data-fact=${name}]`).textContent = value;
}

async function check(file) {
  const meanwhile = () => field.files[0] !== file; // another file was chosen
  say("checking");
  await new Promise((resolve) => { setTimeout(resolve, 50); }); // the sentence is seen before the work begins
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    if (!meanwhile()) say("unread");
    return;
  }
  const { ok, problem, format } = await verify(bytes);
  if (meanwhile()) return;
  if (ok) fill(bytes);
  say(ok ? "holds" : format ? "differs" : "other", problem);
}

// A browser passes over a file that is chosen again, which may have changed since: the choice begins anew each time.
field.addEventListener("click", () => {
  field.value = "";
  say();
});
field.addEventListener("change", () => {
  const [file] = field.files;
  if (!file) say();
  else if (file.size > LARGEST) say("large");
  else check(file);
});
document.getElementById("choose").hidden = false;
