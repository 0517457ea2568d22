// Checks the transcript of a drawing of lots: reads the file strictly, draws the same lots again from
// its input and seed, and compares. Written from docs/draw.md and docs/formats.md §2 alone. It needs
// no network, no server and no other file, and runs in a browser and in Node.
// SPDX-License-Identifier: AGPL-3.0-or-later

const FORMAT = "untoc-draw/1";
const SEED_PURPOSE = "untoc-draw-seed/1";
const INSTRUMENTS = ["firearms", "som", "tip", "untoc"]; // by name; the place of each is its bit in a mask
const MAX_ATTEMPTS = 1000;
const MAX_DEPTH = 64;

// A fault is something wrong with the transcript; its message is the sentence for the reader.
class Fault extends Error {}

function must(condition, problem) {
  if (!condition) throw new Fault(problem);
}

// ---- SHA-256 (FIPS 180-4), synchronous -------------------------------------------------------------

const ROUND_CONSTANTS = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

function rotate(word, by) {
  return (word >>> by) | (word << (32 - by));
}

// The eight 32-bit words of the digest of some bytes.
function sha256Words(bytes) {
  const length = bytes.length;
  const padded = new Uint8Array((((length + 8) >>> 6) + 1) * 64);
  padded.set(bytes);
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(length / 0x20000000));
  view.setUint32(padded.length - 4, (length << 3) >>> 0);
  const hash = new Uint32Array([
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ]);
  const w = new Uint32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let t = 0; t < 16; t += 1) w[t] = view.getUint32(at + 4 * t);
    for (let t = 16; t < 64; t += 1) {
      const s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >>> 3);
      const s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >>> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let t = 0; t < 64; t += 1) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND_CONSTANTS[t] + w[t]) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0;
      d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { hash[i] += value; });
  }
  return hash;
}

function hex32(word) {
  return word.toString(16).padStart(8, "0");
}

export function sha256Hex(bytes) {
  return Array.from(sha256Words(bytes), hex32).join("");
}

// ---- Canonical JSON (docs/formats.md, preamble) ----------------------------------------------------

// The canonical text of a value as JSON.parse gives it; a fault where it has none.
export function canonical(value, depth = 0) {
  must(depth <= MAX_DEPTH, `the file nests deeper than ${MAX_DEPTH} levels`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    must(Number.isSafeInteger(value), "a number is not an integer within ±(2^53−1)");
    return String(value);
  }
  if (typeof value === "string") {
    must(!/[\ud800-\udfff]/u.test(value), "a text holds a lone surrogate");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(",")}]`;
  const members = Object.keys(value).sort().map((name) => {
    must(/^[\x00-\x7f]*$/.test(name), "the name of a member is not ASCII");
    return `${JSON.stringify(name)}:${canonical(value[name], depth + 1)}`;
  });
  return `{${members.join(",")}}`;
}

function digest(value) {
  return sha256Hex(new TextEncoder().encode(canonical(value)));
}

function same(a, b) {
  return a === b || canonical(a) === canonical(b);
}

// The text of the file, or null where the bytes are not UTF-8. A byte order mark stays in it.
function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

// The value of the file where it is JSON with this format's name on top, otherwise null.
function parseTranscript(text) {
  try {
    const value = JSON.parse(text.replace(/^\ufeff/, ""));
    return isObject(value) && value.format === FORMAT ? value : null;
  } catch {
    return null;
  }
}

// The text must be the canonical form of its parse and one LF. Duplicate names, white space, 1.0, -0,
// other escapes and another order of members all show as a difference.
function checkCanonical(text, value) {
  must(!text.startsWith("\ufeff"), "the file begins with a byte order mark");
  must(!text.includes("\r"), "the file holds a carriage return");
  const wanted = `${canonical(value)}\n`;
  if (text === wanted) return;
  must(`${text}\n` !== wanted, "the file does not end in a line feed");
  let at = 0;
  while (text[at] === wanted[at]) at += 1;
  throw new Fault(`the file is not canonical JSON: it differs from the canonical form at character ${at + 1}`);
}

// ---- Form: exactly the members named, of the right kind and in order -------------------------------

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function members(value, names, where) {
  must(isObject(value), `${where}: it is not an object`);
  for (const name of names) must(Object.hasOwn(value, name), `${where}: the member "${name}" is missing`);
  for (const name of Object.keys(value)) {
    must(names.includes(name), `${where}: the member ${JSON.stringify(name)} is unknown`);
  }
}

function checkText(value, where) {
  must(typeof value === "string", `${where} is not a text`);
}

function checkBoolean(value, where) {
  must(typeof value === "boolean", `${where} is not true or false`);
}

function checkInteger(value, least, where) {
  must(Number.isSafeInteger(value) && value >= least, `${where} is not a whole number from ${least}`);
}

function checkList(value, where) {
  must(Array.isArray(value), `${where} is not a list`);
}

function checkDigest(value, where) {
  must(typeof value === "string" && /^[0-9a-f]{64}$/.test(value), `${where} is not 64 lower-case hex digits`);
}

function checkCode(value, where) {
  must(typeof value === "string" && /^[A-Z]{3}$/.test(value), `${where} is not a code of three capital letters`);
}

function checkSide(value, where) {
  must(value === "same" || value === "other" || value === null, `${where} is not "same", "other" or null`);
}

function checkKind(value, where) {
  must(value === "primary" || value === "additional", `${where} is not "primary" or "additional"`);
}

function checkInstruments(value, where) {
  checkList(value, where);
  must(value.length > 0, `${where} is empty`);
  for (const name of value) must(INSTRUMENTS.includes(name), `${where} holds an unknown instrument`);
  must(value.every((name, i) => i === 0 || value[i - 1] < name), `${where} is not in order of name, each once`);
}

function isDate(text) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!parts) return false;
  const [year, month, day] = parts.slice(1).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

function isTime(text) {
  return /^.{10}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/.test(text) && isDate(text.slice(0, 10));
}

// The order of texts by their bytes in UTF-8.
function compareBytes(a, b) {
  const x = new TextEncoder().encode(a);
  const y = new TextEncoder().encode(b);
  for (let i = 0; i < x.length && i < y.length; i += 1) if (x[i] !== y[i]) return x[i] - y[i];
  return x.length - y.length;
}

// Each item must stand after the one before it, so that none stands twice.
function checkOrder(list, compare, problem) {
  must(list.every((item, i) => i === 0 || compare(list[i - 1], item) < 0), problem);
}

// docs/draw.md §1.
function checkRules(rules) {
  members(rules, ["as_of", "balance", "max_reviewers_per_review", "max_reviews", "min_reviews", "mutual",
    "redraw", "rehearsal", "start_groups"], "rules");
  checkText(rules.as_of, "rules: as_of");
  must(isDate(rules.as_of), "rules: as_of is not a date");
  must(rules.balance === "even" || rules.balance === "bounds", 'rules: balance is not "even" or "bounds"');
  checkInteger(rules.max_reviewers_per_review, 2, "rules: max_reviewers_per_review");
  checkInteger(rules.max_reviews, 0, "rules: max_reviews");
  checkInteger(rules.min_reviews, 0, "rules: min_reviews");
  must(rules.min_reviews <= rules.max_reviews, "rules: min_reviews is more than max_reviews");
  checkBoolean(rules.mutual, "rules: mutual");
  checkBoolean(rules.rehearsal, "rules: rehearsal");
  checkInteger(rules.start_groups, 1, "rules: start_groups");
  if (rules.redraw === null) return;
  members(rules.redraw, ["of", "vacated"], "rules: redraw");
  checkDigest(rules.redraw.of, "rules: redraw: of");
  checkList(rules.redraw.vacated, "rules: redraw: vacated");
  rules.redraw.vacated.forEach((pair, i) => {
    must(Array.isArray(pair) && pair.length === 2, `rules: redraw: vacated seat ${i + 1} is not a pair of codes`);
    for (const code of pair) checkCode(code, `rules: redraw: vacated seat ${i + 1}: a member`);
  });
}

function checkParticipants(participants) {
  checkList(participants, "participants");
  participants.forEach((participant, i) => {
    const where = `participant ${i + 1}`;
    members(participant, ["code", "group", "instruments", "load", "reviews", "under_review"], where);
    checkCode(participant.code, `${where}: code`);
    must(participant.group === null || (typeof participant.group === "string" && participant.group !== ""),
      `${where}: group is not a name or null`);
    checkInstruments(participant.instruments, `${where}: instruments`);
    checkInteger(participant.load, 0, `${where}: load`);
    checkBoolean(participant.reviews, `${where}: reviews`);
    checkBoolean(participant.under_review, `${where}: under_review`);
  });
  checkOrder(participants, (a, b) => compareBytes(a.code, b.code), "participants: they are not in order of code, each once");
}

function checkExclusions(exclusions, participants) {
  const codes = new Set(participants.map((participant) => participant.code));
  checkList(exclusions, "exclusions");
  exclusions.forEach((pair, i) => {
    const where = `exclusion ${i + 1}`;
    members(pair, ["reviewed", "reviewer"], where);
    for (const name of ["reviewed", "reviewer"]) {
      checkCode(pair[name], `${where}: ${name}`);
      must(codes.has(pair[name]), `${where}: ${name} is not a participant`);
    }
    must(pair.reviewed !== pair.reviewer, `${where}: the two States are one`);
  });
  checkOrder(exclusions, (a, b) => compareBytes(a.reviewed + a.reviewer, b.reviewed + b.reviewer),
    "exclusions: they are not in order of reviewed and reviewer, each once");
}

function checkSeedForm(seed) {
  members(seed, ["beacon", "contributions", "derived"], "seed");
  checkDigest(seed.derived, "seed: derived");
  checkList(seed.contributions, "seed: contributions");
  seed.contributions.forEach((contribution, i) => {
    const where = `contribution ${i + 1}`;
    members(contribution, ["by", "commitment", "nonce"], where);
    checkText(contribution.by, `${where}: by`);
    checkDigest(contribution.commitment, `${where}: commitment`);
    if (contribution.nonce !== null) checkDigest(contribution.nonce, `${where}: nonce`);
  });
  checkOrder(seed.contributions, (a, b) => compareBytes(a.by, b.by), "seed: the contributions are not in order of by, each once");
  checkList(seed.beacon, "seed: beacon");
  seed.beacon.forEach((value, i) => {
    members(value, ["round", "source", "value"], `beacon ${i + 1}`);
    for (const name of ["round", "source", "value"]) checkText(value[name], `beacon ${i + 1}: ${name}`);
  });
}

const STEP_MEMBERS = ["attempt", "n", "reviewed", "side", "kind", "instruments", "candidates", "rejected",
  "k", "word", "index", "drawn"];

function checkStepForm(step, where) {
  if (isObject(step) && Object.hasOwn(step, "restart")) {
    members(step, ["restart"], where);
    checkInteger(step.restart, 2, `${where}: restart`);
    return;
  }
  members(step, STEP_MEMBERS, where);
  checkInteger(step.attempt, 1, `${where}: attempt`);
  checkInteger(step.n, 1, `${where}: n`);
  checkInteger(step.k, 0, `${where}: k`);
  checkInteger(step.index, 0, `${where}: index`);
  checkCode(step.reviewed, `${where}: reviewed`);
  checkCode(step.drawn, `${where}: drawn`);
  checkSide(step.side, `${where}: side`);
  checkKind(step.kind, `${where}: kind`);
  checkInstruments(step.instruments, `${where}: instruments`);
  must(typeof step.word === "string" && /^[0-9a-f]{16}$/.test(step.word), `${where}: word is not 16 lower-case hex digits`);
  checkList(step.candidates, `${where}: candidates`);
  for (const code of step.candidates) checkCode(code, `${where}: a candidate`);
  checkList(step.rejected, `${where}: rejected`);
  for (const lot of step.rejected) {
    members(lot, ["code", "reason"], `${where}: a rejected lot`);
    checkCode(lot.code, `${where}: a rejected lot: code`);
    checkText(lot.reason, `${where}: a rejected lot: reason`);
  }
}

// The place of a seat in its review (docs/formats.md §2): primary before additional, same before other.
function seatRank(seat) {
  return (seat.kind === "primary" ? 0 : 2) + (seat.side === "other" ? 1 : 0);
}

function compareSeats(a, b) {
  return seatRank(a) - seatRank(b) || compareBytes(a.code, b.code);
}

function checkResultForm(result, participants) {
  const codes = new Set(participants.map((participant) => participant.code));
  const reviewed = participants.filter((participant) => participant.under_review).map((participant) => participant.code);
  checkList(result, "result");
  result.forEach((review, i) => {
    members(review, ["reviewed", "reviewers", "start_group"], `result ${i + 1}`);
    checkCode(review.reviewed, `result ${i + 1}: reviewed`);
    const where = `result of ${review.reviewed}`;
    checkInteger(review.start_group, 1, `${where}: start_group`);
    checkList(review.reviewers, `${where}: reviewers`);
    for (const seat of review.reviewers) {
      members(seat, ["code", "instruments", "kind", "side"], `${where}: a reviewer`);
      checkCode(seat.code, `${where}: a reviewer: code`);
      must(codes.has(seat.code), `${where}: ${seat.code} is not a participant`);
      checkSide(seat.side, `${where}: ${seat.code}: side`);
      checkKind(seat.kind, `${where}: ${seat.code}: kind`);
      checkInstruments(seat.instruments, `${where}: ${seat.code}: instruments`);
    }
    checkOrder(review.reviewers, compareSeats, `${where}: the reviewers are not in order`);
    must(new Set(review.reviewers.map((seat) => seat.code)).size === review.reviewers.length,
      `${where}: a State has two seats`);
  });
  must(same(result.map((review) => review.reviewed), reviewed), "result: it does not hold the States under review in order of code, each once");
}

function checkForm(transcript) {
  members(transcript, ["drawn_at", "exclusions", "format", "input_sha256", "participants", "phase", "result",
    "result_sha256", "rules", "seed", "steps"], "the transcript");
  checkText(transcript.phase, "phase");
  must(typeof transcript.drawn_at === "string" && isTime(transcript.drawn_at),
    "drawn_at is not a time in UTC with microseconds and Z");
  checkRules(transcript.rules);
  checkParticipants(transcript.participants);
  checkExclusions(transcript.exclusions, transcript.participants);
  checkDigest(transcript.input_sha256, "input_sha256");
  checkSeedForm(transcript.seed);
  checkList(transcript.steps, "steps");
  transcript.steps.forEach((step, i) => checkStepForm(step, `step ${i + 1}`));
  checkResultForm(transcript.result, transcript.participants);
  checkDigest(transcript.result_sha256, "result_sha256");
}

// ---- The seed and the numbers (§2) -----------------------------------------------------------------

// The commitments must fit; the derived seed must follow from the input, what was revealed and the beacon.
function checkSeed(seed, inputDigest, rehearsal) {
  for (const { by, commitment, nonce } of seed.contributions) {
    must(nonce === null || digest({ by, nonce }) === commitment, `seed: the nonce of ${JSON.stringify(by)} does not fit its commitment`);
  }
  const derived = digest({
    purpose: SEED_PURPOSE,
    input: inputDigest,
    contributions: seed.contributions.map(({ commitment, nonce }) => (nonce === null ? commitment : nonce)),
    beacon: seed.beacon,
  });
  must(derived === seed.derived, "seed: derived does not follow from the input, the contributions and the beacon");
  must(seed.beacon.length > 0 || rehearsal, "there is no beacon, and yet it is not a rehearsal");
}

// The source of words: each call gives the next one, looked at and so used up.
function wordSource(derivedHex) {
  const block = new Uint8Array(40);
  const view = new DataView(block.buffer);
  for (let i = 0; i < 32; i += 1) block[i] = parseInt(derivedHex.slice(2 * i, 2 * i + 2), 16);
  let next = 0;
  return () => {
    const k = next;
    next += 1;
    view.setUint32(32, Math.floor(k / 0x100000000));
    view.setUint32(36, k >>> 0);
    const hash = sha256Words(block);
    return { k, word: hex32(hash[0]) + hex32(hash[1]) };
  };
}

// A number below n, with the word that gave it.
function numberBelow(n, words) {
  const size = BigInt(n);
  const limit = 2n ** 64n - (2n ** 64n % size);
  for (;;) {
    const { k, word } = words();
    const value = BigInt(`0x${word}`);
    if (value < limit) return { k, word, index: Number(value % size) };
  }
}

function shuffled(list, words) {
  const things = list.slice();
  for (let i = things.length - 1; i >= 1; i -= 1) {
    const j = numberBelow(i + 1, words).index;
    [things[i], things[j]] = [things[j], things[i]];
  }
  return things;
}

// ---- The world: the input as numbers ---------------------------------------------------------------
// A State is its place among the participants, a review its place among the States under review. Each
// review has two slots, 2·review and 2·review + 1: a slot is a primary seat and, where its primary is
// not party to everything, the additional seat of that side. Sets of instruments are masks of four bits.

function maskOf(instruments) {
  return instruments.reduce((mask, name) => mask | (1 << INSTRUMENTS.indexOf(name)), 0);
}

function namesOf(mask) {
  return INSTRUMENTS.filter((name, bit) => mask & (1 << bit));
}

function makeWorld(input) {
  const { participants, exclusions, rules } = input;
  const codes = participants.map((participant) => participant.code);
  const place = new Map(codes.map((code, i) => [code, i]));
  const groups = [...new Set(participants.map((participant) => participant.group))].filter((group) => group !== null);
  const reviewed = codes.map((code, i) => i).filter((i) => participants[i].under_review);
  const reviewOf = new Int32Array(codes.length).fill(-1);
  reviewed.forEach((state, review) => { reviewOf[state] = review; });
  const excluded = reviewed.map(() => new Uint8Array(codes.length));
  for (const pair of exclusions) {
    const review = reviewOf[place.get(pair.reviewed)];
    if (review >= 0) excluded[review][place.get(pair.reviewer)] = 1;
  }
  return {
    rules, codes, place, reviewed, reviewOf, excluded,
    count: codes.length,
    classes: Math.max(groups.length, 1),
    group: participants.map((participant) => groups.indexOf(participant.group)), // −1: no group
    mask: participants.map((participant) => maskOf(participant.instruments)),
    reviews: participants.map((participant) => participant.reviews),
    load: participants.map((participant) => participant.load),
  };
}

function stateOf(world, slot) {
  return world.reviewed[slot >> 1];
}

function sideOf(world, slot) {
  if (world.group[stateOf(world, slot)] < 0) return null;
  return slot & 1 ? "other" : "same";
}

// The class in which a State stands for a slot, −1 where it does not stand on the side. On the sides
// same and other all are of one class. A null side has a class for each group, because who helps there
// must be of the group of the primary (§3).
function classOf(world, slot, state) {
  const own = world.group[stateOf(world, slot)];
  if (own < 0) return world.group[state];
  return (world.group[state] === own) === ((slot & 1) === 0) ? 0 : -1;
}

// ---- The table: who has which seat -----------------------------------------------------------------
// primary[slot] and helper[slot] are States or −1; has[review][state] says who has a seat. rows[slot]
// marks the States eligible for an open primary seat, the cap left aside; helpRows[slot] those eligible
// for an open additional seat; both are null where no such seat is open. seatsMatch, loadsMatch and
// helpMatch are the matchings found last, from which the next test starts.

function emptyTable(world) {
  const slots = 2 * world.reviewed.length;
  return {
    primary: new Int32Array(slots).fill(-1),
    helper: new Int32Array(slots).fill(-1),
    has: world.reviewed.map(() => new Uint8Array(world.count)),
    load: world.load.slice(),
    rows: new Array(slots).fill(null),
    helpRows: new Array(slots).fill(null),
    seatsMatch: new Int32Array(slots).fill(-1),
    loadsMatch: new Int32Array(slots).fill(-1),
    helpMatch: new Int32Array(slots).fill(-1),
    helps: new Int32Array(world.count), // additional seats drawn in this attempt
    order: [],
  };
}

// Rows and matchings are replaced and never changed in place, so a shallow copy of them does.
function copyTable(table) {
  return {
    ...table,
    primary: table.primary.slice(),
    helper: table.helper.slice(),
    has: table.has.map((row) => row.slice()),
    load: table.load.slice(),
    rows: table.rows.slice(),
    helpRows: table.helpRows.slice(),
    helps: table.helps.slice(),
  };
}

// The instruments of the additional seat of a slot; 0 where there is none or its primary is not known.
function missing(world, table, slot) {
  const primary = table.primary[slot];
  return primary < 0 ? 0 : world.mask[stateOf(world, slot)] & ~world.mask[primary];
}

function additionalSeats(world, table, review) {
  return (missing(world, table, 2 * review) ? 1 : 0) + (missing(world, table, 2 * review + 1) ? 1 : 0);
}

// What a primary seat and an additional seat ask of a State alike (§3).
function isFree(world, table, review, state) {
  const x = world.reviewed[review];
  const back = world.reviewOf[state];
  return state !== x && world.reviews[state] && !world.excluded[review][state] && !table.has[review][state]
    && (world.rules.mutual || back < 0 || !table.has[back][x]);
}

// For each class and each set of instruments: may some State of that class help with it?
function coverage(world, table, slot) {
  const cover = Array.from({ length: world.classes }, () => new Uint8Array(16));
  for (let state = 0; state < world.count; state += 1) {
    const kind = classOf(world, slot, state);
    if (kind >= 0 && isFree(world, table, slot >> 1, state)) cover[kind][world.mask[state]] = 1;
  }
  for (const sets of cover) {
    for (let set = 15; set >= 0; set -= 1) {
      for (let bit = 1; bit < 16; bit <<= 1) if (sets[set | bit]) sets[set] = 1;
    }
  }
  return cover;
}

// Who is eligible for the primary seat of a slot (§3), the cap left aside: it changes with every lot of
// that State anywhere, and the users of a row ask for it themselves.
function primaryRow(world, table, slot) {
  const review = slot >> 1;
  const own = world.mask[stateOf(world, slot)];
  const beside = table.primary[slot ^ 1];
  const barred = sideOf(world, slot) === null && beside >= 0 ? world.group[beside] : -1;
  const room = additionalSeats(world, table, review) < world.rules.max_reviewers_per_review - 2;
  const cover = coverage(world, table, slot);
  const row = new Uint8Array(world.count);
  for (let state = 0; state < world.count; state += 1) {
    const kind = classOf(world, slot, state);
    if (kind < 0 || (barred >= 0 && world.group[state] === barred)) continue;
    if (!(own & world.mask[state]) || !isFree(world, table, review, state)) continue;
    const rest = own & ~world.mask[state];
    if (rest === 0 || (room && cover[kind][rest])) row[state] = 1;
  }
  return row;
}

// Who may help in the additional seat of a slot (§3).
function helpRow(world, table, slot) {
  const instruments = missing(world, table, slot);
  const kind = classOf(world, slot, table.primary[slot]);
  const row = new Uint8Array(world.count);
  for (let state = 0; state < world.count; state += 1) {
    if (classOf(world, slot, state) === kind && (instruments & ~world.mask[state]) === 0
      && isFree(world, table, slot >> 1, state)) row[state] = 1;
  }
  return row;
}

function refresh(world, table, reviews) {
  for (const review of reviews) {
    for (const slot of [2 * review, 2 * review + 1]) {
      table.rows[slot] = table.primary[slot] < 0 ? primaryRow(world, table, slot) : null;
      table.helpRows[slot] = missing(world, table, slot) && table.helper[slot] < 0 ? helpRow(world, table, slot) : null;
    }
  }
}

// The reviews in which a lot changes who is eligible: its own and, by the rule against mutual reviews,
// that of the State drawn.
function touched(world, slot, state) {
  const back = world.reviewOf[state];
  return world.rules.mutual || back < 0 ? [slot >> 1] : [slot >> 1, back];
}

// ---- Matching (§5, §7) -----------------------------------------------------------------------------

// Gives every open seat (row not null) a State that its row marks, no State more than its room,
// starting from an earlier matching. The new matching, or null where there is none.
function giveSeats(rows, start, room) {
  const given = start.slice();
  const taken = new Int32Array(room.length);
  for (let seat = 0; seat < rows.length; seat += 1) {
    const state = given[seat];
    if (state < 0) continue;
    if (rows[seat] && rows[seat][state] && taken[state] < room[state]) taken[state] += 1;
    else given[seat] = -1;
  }
  for (let seat = 0; seat < rows.length; seat += 1) {
    if (rows[seat] && given[seat] < 0 && !seatFinds(seat, rows, given, taken, room)) return null;
  }
  return given;
}

// An augmenting path from a seat without a State to a State with room.
function seatFinds(root, rows, given, taken, room) {
  const via = new Int32Array(room.length).fill(-1); // the seat from which a State was reached
  const queue = [root];
  for (let head = 0; head < queue.length; head += 1) {
    const row = rows[queue[head]];
    for (let state = 0; state < room.length; state += 1) {
      if (!row[state] || via[state] >= 0) continue;
      via[state] = queue[head];
      if (taken[state] < room[state]) {
        taken[state] += 1;
        for (let last = state; last >= 0;) {
          const seat = via[last];
          const before = given[seat];
          given[seat] = last;
          last = before;
        }
        return true;
      }
      for (let seat = 0; seat < rows.length; seat += 1) if (given[seat] === state) queue.push(seat);
    }
  }
  return false;
}

// Gives every State as many open seats as it needs, no seat twice, starting from an earlier matching.
// A State with a need must be below the cap to be eligible for anything.
function meetNeeds(rows, start, needs, below) {
  const given = start.slice();
  const got = new Int32Array(needs.length);
  for (let seat = 0; seat < rows.length; seat += 1) {
    const state = given[seat];
    if (state < 0) continue;
    if (rows[seat] && rows[seat][state] && below[state] && got[state] < needs[state]) got[state] += 1;
    else given[seat] = -1;
  }
  for (let state = 0; state < needs.length; state += 1) {
    for (; got[state] < needs[state]; got[state] += 1) {
      if (!below[state] || !stateFinds(state, rows, given)) return null;
    }
  }
  return given;
}

// An augmenting path from a State in need to a seat that is given to nobody.
function stateFinds(root, rows, given) {
  const via = new Int32Array(rows.length).fill(-1); // the State from which a seat was reached
  const reached = new Map([[root, -1]]); // the seat from which a State was reached
  const queue = [root];
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head];
    for (let seat = 0; seat < rows.length; seat += 1) {
      if (via[seat] >= 0 || !rows[seat] || !rows[seat][state]) continue;
      via[seat] = state;
      const holder = given[seat];
      if (holder < 0) {
        for (let last = seat; last >= 0;) {
          const to = via[last];
          given[last] = to;
          last = reached.get(to);
        }
        return true;
      }
      if (!reached.has(holder)) {
        reached.set(holder, seat);
        queue.push(holder);
      }
    }
  }
  return false;
}

// ---- Loads and completion (§4, §5) -----------------------------------------------------------------

// The caps to try, the first before the second.
function caps(world) {
  const { balance, max_reviews: most } = world.rules;
  const drawable = world.reviews.filter((reviews) => reviews).length;
  if (balance === "bounds" || drawable === 0) return [most];
  let sum = BigInt(2 * world.reviewed.length);
  world.load.forEach((load, state) => { if (world.reviews[state]) sum += BigInt(load); });
  const down = sum / BigInt(drawable);
  const up = sum % BigInt(drawable) === 0n ? down : down + 1n;
  const bounded = (cap) => (cap < BigInt(most) ? Number(cap) : most);
  return [...new Set([bounded(up), bounded(down + 1n)])];
}

// The first of the three tests that fails, or null; the matchings found are kept in the table. Only the
// additional seats of the given reviews are looked at: a lot cannot change the others.
function whyNotCompletable(world, table, cap, reviews) {
  const seats = giveSeats(table.rows, table.seatsMatch, table.load.map((load) => cap - load));
  if (!seats) return "seats";
  const needs = table.load.map((load, state) => (world.reviews[state] ? Math.max(0, world.rules.min_reviews - load) : 0));
  const loads = meetNeeds(table.rows, table.loadsMatch, needs, table.load.map((load) => load < cap));
  if (!loads) return "loads";
  for (const review of reviews) {
    for (const row of [table.helpRows[2 * review], table.helpRows[2 * review + 1]]) {
      if (row && !row.includes(1)) return "additional";
    }
  }
  table.seatsMatch = seats;
  table.loadsMatch = loads;
  return null;
}

// ---- Drawing (§6 to §9) ----------------------------------------------------------------------------

// Takes lots from the candidates until one fits; fits(state) gives null or the reason why not. Null
// where nobody is left.
function drawLot(world, candidates, words, fits) {
  const list = candidates.slice();
  const rejected = [];
  while (list.length > 0) {
    const { k, word, index } = numberBelow(list.length, words);
    const state = list[index];
    const reason = fits(state);
    if (reason === null) return { state, rejected, k, word, index };
    rejected.push({ code: world.codes[state], reason });
    list.splice(index, 1);
  }
  return null;
}

function makeStep(world, attempt, slot, kind, instruments, candidates, lot) {
  return {
    attempt,
    n: candidates.length,
    reviewed: world.codes[stateOf(world, slot)],
    side: sideOf(world, slot),
    kind,
    instruments: namesOf(instruments),
    candidates: candidates.map((state) => world.codes[state]),
    rejected: lot.rejected,
    k: lot.k,
    word: lot.word,
    index: lot.index,
    drawn: world.codes[lot.state],
  };
}

// Does something to the table and takes it back where the test that follows gives a reason.
function tryLot(world, table, slot, state, apply, test) {
  const reviews = touched(world, slot, state);
  const slots = reviews.flatMap((review) => [2 * review, 2 * review + 1]);
  const before = slots.map((each) => [table.rows[each], table.helpRows[each]]);
  apply(1);
  table.has[slot >> 1][state] = 1;
  refresh(world, table, reviews);
  const reason = test(reviews);
  if (reason !== null) {
    apply(-1);
    table.has[slot >> 1][state] = 0;
    slots.forEach((each, i) => { [table.rows[each], table.helpRows[each]] = before[i]; });
  }
  return reason;
}

function seatPrimary(world, table, cap, slot, state) {
  const apply = (sign) => {
    table.primary[slot] = sign > 0 ? state : -1;
    table.load[state] += sign;
  };
  return tryLot(world, table, slot, state, apply, (reviews) => whyNotCompletable(world, table, cap, reviews));
}

function seatHelper(world, table, cap, slot, state) {
  const apply = (sign) => {
    table.helper[slot] = sign > 0 ? state : -1;
    table.helps[state] += sign;
  };
  return tryLot(world, table, slot, state, apply, () => {
    const match = giveSeats(table.helpRows, table.helpMatch, Array.from(table.helps, (helps) => cap - helps));
    if (!match) return "additional";
    table.helpMatch = match;
    return null;
  });
}

// §6. False where the attempt fails.
function drawPrimaries(world, table, cap, attempt, words, onStep) {
  for (const review of table.order) {
    for (const slot of [2 * review, 2 * review + 1]) {
      if (table.primary[slot] >= 0) continue;
      const row = table.rows[slot];
      const candidates = world.reviews.map((reviews, state) => state).filter((state) => row[state] && table.load[state] < cap);
      const lot = drawLot(world, candidates, words, (state) => seatPrimary(world, table, cap, slot, state));
      if (!lot) return false;
      const instruments = world.mask[stateOf(world, slot)] & world.mask[lot.state];
      onStep(makeStep(world, attempt, slot, "primary", instruments, candidates, lot));
    }
  }
  return true;
}

// The additional cap (§7): a number, Infinity for none, null where no number is enough.
function additionalCap(world, table) {
  if (world.rules.balance === "bounds") return Infinity;
  const open = table.helpRows.filter((row) => row).length;
  for (let cap = 1; cap <= Math.max(open, 1); cap += 1) {
    const match = giveSeats(table.helpRows, table.helpMatch, new Array(world.count).fill(cap));
    if (match) {
      table.helpMatch = match;
      return cap;
    }
  }
  return null;
}

// The two slots of a review in the order of §7. Null slots are filled in their order, so only a redraw,
// where the primary may be kept, can exchange them.
function slotsInOrder(world, table, review) {
  const [first, second] = [2 * review, 2 * review + 1];
  const exchange = world.rules.redraw !== null && sideOf(world, first) === null && table.primary[second] < table.primary[first];
  return exchange ? [second, first] : [first, second];
}

// §7. False where the attempt fails.
function drawAdditionals(world, table, attempt, words, onStep) {
  const cap = additionalCap(world, table);
  if (cap === null) return false;
  for (const review of table.order) {
    for (const slot of slotsInOrder(world, table, review)) {
      const row = table.helpRows[slot];
      if (!row) continue;
      const instruments = missing(world, table, slot);
      const candidates = world.reviews.map((reviews, state) => state).filter((state) => row[state] && table.helps[state] < cap);
      const lot = drawLot(world, candidates, words, (state) => seatHelper(world, table, cap, slot, state));
      if (!lot) return false;
      onStep(makeStep(world, attempt, slot, "additional", instruments, candidates, lot));
    }
  }
  return true;
}

// The table before the first lot: empty, or with what a redraw keeps (§11).
function startTable(world, kept) {
  const table = emptyTable(world);
  for (const review of kept) {
    const number = world.reviewOf[world.place.get(review.reviewed)];
    for (const seat of review.reviewers) {
      const state = world.place.get(seat.code);
      table.has[number][state] = 1;
      if (seat.kind !== "primary") continue;
      let slot = 2 * number + (seat.side === "other" ? 1 : 0);
      if (seat.side === null && table.primary[slot] >= 0) slot += 1;
      table.primary[slot] = state;
      table.load[state] += 1;
    }
    for (const seat of review.reviewers.filter(({ kind }) => kind === "additional")) {
      const state = world.place.get(seat.code);
      const slot = [2 * number, 2 * number + 1].find((each) => table.primary[each] >= 0
        && classOf(world, each, state) >= 0 && classOf(world, each, state) === classOf(world, each, table.primary[each]));
      table.helper[slot] = state;
    }
  }
  refresh(world, table, world.reviewed.keys());
  return table;
}

// §10.
function makeResult(world, table, startGroups) {
  return world.reviewed.map((x, review) => {
    const reviewers = [];
    for (const slot of [2 * review, 2 * review + 1]) {
      const [primary, helper, side] = [table.primary[slot], table.helper[slot], sideOf(world, slot)];
      reviewers.push({ code: world.codes[primary], side, kind: "primary", instruments: namesOf(world.mask[x] & world.mask[primary]) });
      if (helper >= 0) {
        reviewers.push({ code: world.codes[helper], side, kind: "additional", instruments: namesOf(missing(world, table, slot)) });
      }
    }
    return { reviewed: world.codes[x], start_group: startGroups[review], reviewers: reviewers.sort(compareSeats) };
  });
}

// Draws all lots from an input and a derived seed. kept is what a redraw keeps, in the form of a result;
// onStep, where given, sees each step as it falls and may throw to end the draw. Gives the steps and the
// result, or a problem where the rules allow no draw.
export function replay(input, derivedHex, kept = null, onStep = () => {}) {
  const world = makeWorld(input);
  const words = wordSource(derivedHex);
  const steps = [];
  const emit = (step) => {
    steps.push(step);
    onStep(step);
  };
  const start = startTable(world, kept || []);
  const everyReview = [...world.reviewed.keys()];
  const cap = caps(world).find((each) => whyNotCompletable(world, start, each, everyReview) === null); // §4
  if (cap === undefined) return { steps, result: null, problem: "the seats cannot be completed even before the first lot" };
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 1) emit({ restart: attempt }); // §8
    const table = copyTable(start);
    table.order = shuffled(everyReview, words);
    if (!drawPrimaries(world, table, cap, attempt, words, emit)) continue;
    if (!drawAdditionals(world, table, attempt, words, emit)) continue;
    const startGroups = kept ? kept.map((review) => review.start_group) : [];
    if (!kept) { // §9
      shuffled(everyReview, words).forEach((review, i) => { startGroups[review] = (i % input.rules.start_groups) + 1; });
    }
    return { steps, result: makeResult(world, table, startGroups), problem: null };
  }
  return { steps, result: null, problem: `${MAX_ATTEMPTS} attempts fail, so that there is no draw` };
}

// ---- A redraw (§11) --------------------------------------------------------------------------------

// What stands in the result and was not drawn in the last attempt.
function keptSeats(transcript) {
  const drawn = new Set();
  for (const step of transcript.steps) {
    if (Object.hasOwn(step, "restart")) drawn.clear();
    else drawn.add(`${step.reviewed} ${step.drawn}`);
  }
  return transcript.result.map((review) => ({
    ...review,
    reviewers: review.reviewers.filter((seat) => !drawn.has(`${review.reviewed} ${seat.code}`)),
  }));
}

// The sides of a review in the earlier result: for each its primary and who helps, kept or vacated. Of
// the vacated of a side the first is its primary unless a primary is kept there.
function earlierSides(world, x, kept, vacated) {
  const where = `redraw: the review of ${world.codes[x]}`;
  const ofCode = (code, isKept) => ({ code, state: world.place.get(code), isKept });
  const keptPrimaries = kept.filter((seat) => seat.kind === "primary").map((seat) => ofCode(seat.code, true));
  const keptHelpers = kept.filter((seat) => seat.kind === "additional").map((seat) => ofCode(seat.code, true));
  const leaving = vacated.map((code) => ofCode(code, false));
  const grouped = world.group[x] >= 0;
  const isSame = (seat) => world.group[seat.state] === world.group[x];
  let sides;
  if (grouped) {
    sides = ["same", "other"].map((side) => {
      const here = (seat) => isSame(seat) === (side === "same");
      const [fixed, gone] = [keptPrimaries.filter(here), leaving.filter(here)];
      const primaries = fixed.length > 0 ? fixed : gone.splice(0, 1);
      return { side, primaries, helpers: [...keptHelpers.filter(here), ...gone] };
    });
  } else {
    const primaries = [...keptPrimaries, ...leaving.splice(0, Math.max(0, 2 - keptPrimaries.length))];
    must(primaries.length === 2 && primaries.every((seat) => world.group[seat.state] >= 0)
      && world.group[primaries[0].state] !== world.group[primaries[1].state],
    `${where} has not had two primary reviewers of different groups`);
    const all = [...keptHelpers, ...leaving];
    sides = primaries.map((primary) => ({
      side: null,
      primaries: [primary],
      helpers: all.filter((seat) => world.group[seat.state] === world.group[primary.state]),
    }));
    must(sides[0].helpers.length + sides[1].helpers.length === all.length, `${where} has had an additional reviewer of neither group`);
  }
  for (const { primaries, helpers } of sides) {
    must(primaries.length === 1, `${where} has not had one primary reviewer on each side`);
    const rest = world.mask[x] & ~world.mask[primaries[0].state];
    must(world.mask[x] & world.mask[primaries[0].state], `${where}: ${primaries[0].code} shares no instrument with it`);
    must(helpers.length === (rest ? 1 : 0), `${where} has not had the additional reviewers that its primary reviewers call for`);
    for (const helper of helpers) {
      must((rest & ~world.mask[helper.state]) === 0, `${where}: ${helper.code} is not party to what it helps with`);
      must(primaries[0].isKept || !helper.isKept, `${where}: a side whose primary seat is vacated is not vacated whole`);
    }
  }
  return sides;
}

// The seats of the earlier result of one review, in the order of a result.
function earlierSeats(world, x, sides) {
  const seats = sides.flatMap(({ side, primaries, helpers }) => {
    const shared = world.mask[x] & world.mask[primaries[0].state];
    const seat = (who, kind, mask) => ({ isKept: who.isKept, seat: { code: who.code, side, kind, instruments: namesOf(mask) } });
    return [seat(primaries[0], "primary", shared), ...helpers.map((who) => seat(who, "additional", world.mask[x] & ~shared))];
  });
  return seats.sort((a, b) => compareSeats(a.seat, b.seat));
}

// Holds what is kept and vacated against the digest of the earlier result; gives what is kept.
function checkRedraw(transcript) {
  const world = makeWorld(transcript);
  const { of, vacated } = transcript.rules.redraw;
  for (const [reviewed, reviewer] of vacated) {
    const where = `redraw: the vacated seat of ${reviewer} in the review of ${reviewed}`;
    must(world.place.has(reviewed) && world.reviewOf[world.place.get(reviewed)] >= 0, `${where}: there is no such review`);
    must(world.place.has(reviewer) && reviewer !== reviewed, `${where}: there is no such reviewer`);
  }
  must(new Set(vacated.map((pair) => pair.join(" "))).size === vacated.length, "redraw: a seat is vacated twice");
  const kept = keptSeats(transcript);
  const inOrder = [];
  const earlier = kept.map((review) => {
    const x = world.place.get(review.reviewed);
    const leaving = vacated.filter(([reviewed]) => reviewed === review.reviewed).map(([, reviewer]) => reviewer);
    must(!review.reviewers.some((seat) => seat.code === review.reviewed || leaving.includes(seat.code)),
      `redraw: the review of ${review.reviewed} keeps a State that cannot sit in it`);
    const seats = earlierSeats(world, x, earlierSides(world, x, review.reviewers, leaving));
    must(same(seats.filter(({ isKept }) => isKept).map(({ seat }) => seat), review.reviewers),
      `result of ${review.reviewed}: the kept seats are not as the rules have them`);
    for (const { isKept, seat } of seats) if (!isKept) inOrder.push([review.reviewed, seat.code]);
    return { ...review, reviewers: seats.map(({ seat }) => seat) };
  });
  must(same(inOrder, vacated), "redraw: the vacated seats are not in order");
  must(digest(earlier) === of, "redraw: what is kept and what is vacated do not give the digest of the earlier result");
  return kept;
}

// ---- Checking (§12) --------------------------------------------------------------------------------

const STEP_PROBLEMS = [
  ["attempt", "it is not of the attempt that is under way"],
  ["reviewed", "it is not the turn of that State"],
  ["kind", "it is not the turn of a seat of that kind"],
  ["side", "it is not the turn of that side"],
  ["candidates", "the candidates are not those that the rules give"],
  ["n", "n is not the number of the candidates"],
  ["rejected", "the rejected lots are not those that the rules give"],
  ["k", "k is not the number of the word whose turn it is"],
  ["word", "the word is not the one that the seed gives"],
  ["index", "the index does not follow from the word"],
  ["drawn", "the State drawn is not the one that the lot falls on"],
  ["instruments", "the instruments are not those that the State drawn reviews"],
];

// Holds a step of the file against the step that the rules give. Steps are counted from 1.
function compareStep(number, found, wanted) {
  must(found !== undefined, `step ${number}: it is missing`);
  const [restarts, restart] = [Object.hasOwn(found, "restart"), Object.hasOwn(wanted, "restart")];
  must(restarts || !restart, `step ${number}: nobody can take the next seat, and the draw does not begin again`);
  must(!restarts || restart, `step ${number}: the draw begins again without need`);
  if (restart) {
    must(found.restart === wanted.restart, `step ${number}: the number of the attempt is not ${wanted.restart}`);
    return;
  }
  for (const [name, problem] of STEP_PROBLEMS) must(same(found[name], wanted[name]), `step ${number}: ${problem}`);
}

function checkDraw(transcript, kept) {
  const { phase, rules, participants, exclusions, steps, result } = transcript;
  let number = 0;
  const drawn = replay({ phase, rules, participants, exclusions }, transcript.seed.derived, kept, (step) => {
    number += 1;
    compareStep(number, steps[number - 1], step);
  });
  must(drawn.problem === null, `steps: ${drawn.problem}`);
  must(steps.length === number, `step ${number + 1}: all seats are filled, and there is nothing more to draw`);
  drawn.result.forEach((review, i) => {
    must(result[i].start_group === review.start_group, `result of ${review.reviewed}: the start group is not the one drawn`);
    must(same(result[i].reviewers, review.reviewers), `result of ${review.reviewed}: the reviewers are not those drawn`);
  });
  must(same(result, drawn.result), "result: it is not the one drawn");
}

function checkTranscript(text, transcript) {
  checkCanonical(text, transcript);
  checkForm(transcript);
  const { phase, rules, participants, exclusions } = transcript;
  must(digest({ phase, rules, participants, exclusions }) === transcript.input_sha256, "input_sha256 is not the digest of the input");
  checkSeed(transcript.seed, transcript.input_sha256, rules.rehearsal);
  const kept = rules.redraw === null ? null : checkRedraw(transcript);
  checkDraw(transcript, kept);
  must(digest(transcript.result) === transcript.result_sha256, "result_sha256 is not the digest of the result");
}

// Checks the bytes of a file. format says whether it is such a transcript at all, ok whether all of it
// holds, and problem names the first thing that does not. It never throws.
export async function verify(bytes) {
  let transcript = null;
  try {
    const text = bytes instanceof Uint8Array ? decode(bytes) : null;
    if (text === null) return { ok: false, problem: "the file is not text in UTF-8", format: false };
    transcript = parseTranscript(text);
    if (transcript === null) return { ok: false, problem: `the file is not a transcript: it is not a JSON object of the format ${FORMAT}`, format: false };
    checkTranscript(text, transcript);
    return { ok: true, problem: null, format: true };
  } catch (error) {
    const problem = error instanceof Fault ? error.message : "the file cannot be checked: it is too large or too odd for this program";
    return { ok: false, problem, format: transcript !== null };
  }
}
