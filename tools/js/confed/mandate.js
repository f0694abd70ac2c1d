// Mandates and acts: verdicts as [outcome, reason] (specs/06, MAN, ROT, RCL, ACT).

import { compare, equal, toHex } from "./bytes.js";
import { stateAt } from "./tenure.js";

const DAY_S = 86400;
const FRESHNESS_S = 7 * DAY_S;

/** Kinds that no link has: what is passed on is neither passed on again nor money (LVL-2). */
const STAYS = ["mandate", "spending-order"];

export const VALID = ["VALID", null];
const NEEDS_RATIFICATION = ["NEEDS-RATIFICATION", "ratify"];
const refused = (reason) => ["VOID", reason];
const unknown = (reason) => ["UNKNOWN", reason];

/** w, for so many councils (RCP-3). */
export const receiptsNeeded = (councils) =>
  councils <= 1 ? 0 : Math.floor((councils - 1) / 3) + 1;

const delegatesOf = (mandate) => [mandate.get("delegate"), ...(mandate.get("partners") ?? [])];

/** Whether these keys may act: nobody else's, and as many as the parity rule asks (MAN-7). */
export function maySign(mandate, signers) {
  const delegates = delegatesOf(mandate);
  const allowed = new Set([...delegates, ...(mandate.get("substitutes") ?? [])].map(toHex));
  const needed = mandate.get("parity") === "all" ? delegates.length : 1;
  const distinct = new Set(signers.map(toHex));
  return (
    signers.length === needed &&
    distinct.size === needed &&
    [...distinct].every((key) => allowed.has(key))
  );
}

/** From when a record takes effect: not before a signed head that does not cover it (RCL-2). */
export const effectTime = (claimed, index, heads) =>
  Math.max(claimed, ...heads.filter(([size]) => size <= index).map(([, time]) => time));

// --- the mandate itself ------------------------------------------------------------------------

function isSound(mandate) {
  const keys = [...delegatesOf(mandate), ...(mandate.get("substitutes") ?? [])].map(toHex);
  const dates = mandate.get("reports") ?? [];
  const told = new Set((mandate.get("instructions") ?? []).map(([motion]) => toHex(motion)));
  const [held, petition] = [mandate.get("holdover"), mandate.get("petition")];
  const ceiling = mandate.get("ceiling");
  const mayHold = (kind) =>
    mandate.get("kinds").includes(kind) && kind !== "vote" && kind !== "spending-order";
  return (
    new Set(keys).size === keys.length &&
    (!mandate.has("parity") || mandate.has("partners")) &&
    dates.every((date, i) => date > (i ? dates[i - 1] : mandate.get("starts") - 1)) &&
    (mandate.get("conditions") ?? []).every(([motion]) => told.has(toHex(motion))) &&
    (held === undefined || held[1].every(mayHold)) &&
    (petition === undefined || petition[0] <= petition[1]) &&
    (ceiling === undefined || ceiling[1] <= ceiling[2]) &&
    (!mandate.has("above") || !mandate.get("kinds").some((kind) => STAYS.includes(kind)))
  );
}

/** What was wrong with a mandate when it was granted (MAN-4, ROT); `before`: [body, recalled]. */
export function grantFault(mandate, rules, before) {
  if (!isSound(mandate)) return "mandate-form";
  if (rules === undefined) return null;
  const mine = new Set(delegatesOf(mandate).map(toHex));
  const held = before
    .filter(([other, gone]) => gone === null || gone > other.get("starts"))
    .filter(([other]) => delegatesOf(other).some((key) => mine.has(toHex(key))))
    .map(([other, gone]) => [other, Math.min(gone ?? Infinity, other.get("until"))]);
  const same = (a, b) => (a ?? null) === (b ?? null);
  const exclude = (one, other) =>
    (rules.get("exclusive") ?? []).some(
      ([a, b]) => (one === a && other === b) || (one === b && other === a),
    );
  for (const [other, until] of held) {
    const meet = other.get("starts") <= mandate.get("until") && mandate.get("starts") <= until;
    if (meet && exclude(mandate.get("level"), other.get("level"))) return "mandate-exclusive";
  }
  if (!rules.has("terms")) return null;
  const ends = held
    .filter(([other]) => same(other.get("forum"), mandate.get("forum")))
    .filter(([other]) => same(other.get("level"), mandate.get("level")))
    .map(([other, until]) => [other.get("starts"), until])
    .sort(([a, b], [c, d]) => c - a || d - b);
  let [row, starts] = [1, mandate.get("starts")];
  for (const [began, until] of ends) {
    if (starts - until > (rules.get("gap") ?? 0)) break;
    [row, starts] = [row + 1, began];
  }
  const [terms, said] = [rules.get("terms"), mandate.get("term") ?? 1];
  if (row > terms && said <= terms) return "mandate-rotation";
  return Math.max(row, said) > terms ? "mandate-terms" : null;
}

/** Why a link, signed by these keys, does not pass on the mandate above it, or null (LVL-2). */
export function chainFault(above, link, signers) {
  const allowed = new Set([...delegatesOf(above), ...(above.get("substitutes") ?? [])].map(toHex));
  const needed = above.get("parity") === "all" ? delegatesOf(above).length : 1;
  const agreed = new Set(signers.map(toHex).filter((key) => allowed.has(key))).size;
  const kinds = above.get("kinds");
  const compact = (mandate) => (mandate.has("compact") ? toHex(mandate.get("compact")) : null);
  const narrower =
    kinds.includes("mandate") &&
    link.get("kinds").every((kind) => kinds.includes(kind) && !STAYS.includes(kind)) &&
    compact(link) === compact(above) &&
    above.get("starts") <= link.get("starts") &&
    link.get("until") <= above.get("until");
  return narrower && agreed >= needed ? null : "mandate-chain";
}

const VERDICTS = {
  granted: refused("mandate-not-begun"),
  "in-force": VALID,
  overdue: unknown("report-missing"),
  stopped: refused("mandate-suspended"),
  holdover: refused("mandate-ended"),
  ended: refused("mandate-ended"),
  recalled: refused("recalled"),
};

/** Whether the mandate is in force at a time; no file shows that a log is whole (TEN-3). */
export const mandateVerdict = (mandate, history, at) =>
  history.fault === null ? VERDICTS[stateAt(mandate, history, at)] : refused(history.fault);

function tenureVerdict(mandate, history, kind, at) {
  const covered = mandate.get("holdover")?.[1].includes(kind) ?? false;
  const held = covered && history.fault === null && stateAt(mandate, history, at) === "holdover";
  return held ? VALID : mandateVerdict(mandate, history, at);
}

// --- acts --------------------------------------------------------------------------------------

function scopeVerdict(mandate, act) {
  const [kind, subjects] = [act.get("kind"), mandate.get("subjects")];
  if (!mandate.get("kinds").includes(kind)) return refused("mandate-scope");
  if (subjects !== undefined && !subjects.some((one) => equal(one, act.get("motion")))) {
    return refused("mandate-scope");
  }
  if (mandate.has("attendance") && !act.has("assembly")) return refused("act-attendance");
  const spends = kind === "spending-order";
  if (act.has("amount") !== spends || act.has("currency") !== spends) {
    return refused("mandate-scope");
  }
  if (!spends) return VALID;
  const ceiling = mandate.get("ceiling");
  if (ceiling === undefined || ceiling[0] !== act.get("currency")) return refused("mandate-scope");
  return act.get("amount") > ceiling[1] ? refused("act-ceiling") : VALID;
}

function instructionVerdict(mandate, act, holds) {
  const about = (rows) =>
    (rows ?? []).filter(([motion]) => equal(motion, act.get("motion")));
  const otherwise = under(mandate.get("otherwise") ?? "refer-back", act.get("value"));
  const wanted = about(mandate.get("instructions")).at(-1)?.[1];
  if (wanted === undefined) return otherwise;
  const met = about(mandate.get("conditions")).map(holds);
  if (met.includes(false)) return otherwise;
  const instructed = under(wanted, act.get("value"));
  const same = instructed[0] === otherwise[0] && instructed[1] === otherwise[1];
  return met.includes(null) && !same ? unknown("condition-unknown") : instructed;
}

function under(instruction, value) {
  if (instruction === "free") return VALID;
  if (instruction === "ratify") return NEEDS_RATIFICATION;
  if (value === instruction) return VALID;
  return refused(instruction === "refer-back" ? "refer-back" : "instruction");
}

/** The time of the w-th of these receipts, or null. */
const receivedAt = (times, needed) =>
  times.length >= needed ? [...times].sort((a, b) => a - b)[needed - 1] : null;

/**
 * The chain's links of one act. An act is {id, body, received}: its w-th receipt's time, or null.
 * `doubled` looks at numbers below the act's own.
 */
function linksOf(one, acts) {
  const number = (act) => act.body.get("number");
  const beaten = (act) =>
    acts.some(
      (other) =>
        number(other) === number(act) &&
        other.received !== null &&
        !equal(other.id, act.id) &&
        (act.received === null ||
          other.received < act.received ||
          (other.received === act.received && compare(other.id, act.id) < 0)),
    );
  let [astray, spent, at] = [false, 0, one];
  while (number(at) > 1) {
    const previous = at.body.get("previous");
    const before = acts.find((act) => previous !== undefined && equal(act.id, previous));
    if (before === undefined || number(before) !== number(at) - 1) break;
    astray ||= beaten(before);
    spent += before.body.get("amount") ?? 0;
    at = before;
  }
  const below = acts.filter((act) => number(act) < number(one));
  return { missing: number(at) > 1, astray, beaten: beaten(one), spent, doubled: doubledFrom(below) };
}

/** When the second of two acts of one number was received, or null (ACT-8). */
export function doubledFrom(acts) {
  const times = new Map();
  for (const { body, received } of acts) {
    if (received === null) continue;
    times.set(body.get("number"), [...(times.get(body.get("number")) ?? []), received]);
  }
  const seconds = [...times.values()]
    .filter((found) => found.length > 1)
    .map((found) => found.sort((a, b) => a - b)[1]);
  return seconds.length > 0 ? Math.min(...seconds) : null;
}

/** The acts of a case as others know them: {id, body, received, times, needed}. */
export function doneActs(acts, neededFor) {
  return acts.map((act) => {
    const needed = neededFor(act);
    let received = needed === null ? null : receivedAt(act.times, needed);
    if (needed === 0) received = act.time;
    return { ...act, needed, received };
  });
}

/** When an act was done that has its w-th receipt: as claimed, or then (ACT-2). */
export const timeOf = ({ time, received }) =>
  Math.abs(received - time) <= DAY_S ? time : received;

/**
 * The verdict on an act (ACT-1). `one` is one of `acts`, with {time, headTime}; `covers` are its
 * mandate and then the one above a link (LVL-4), each {mandate, history, holds, ratified}.
 */
export function actVerdict(one, acts, covers, { overridden, aboveMissing }) {
  const act = one.body;
  const kind = act.get("kind");
  const asked = covers.map((cover) => ({
    ...cover,
    instructed: instructionVerdict(cover.mandate, act, cover.holds),
  }));
  for (const { mandate, history, instructed } of asked) {
    const bare = { recalled: [], reported: new Map(), doubled: null, fault: history.fault };
    const claimed = tenureVerdict(mandate, bare, kind, one.time);
    for (const verdict of [scopeVerdict(mandate, act), instructed, claimed]) {
      if (verdict[0] === "VOID") return verdict;
    }
  }
  const own = asked[0].mandate;
  if (one.time - one.headTime > (own.get("freshness") ?? FRESHNESS_S)) return refused("act-stale");
  if (overridden) return refused("overridden");
  if (one.needed === null) return unknown("compact-unknown");
  if (one.received === null) return unknown("receipts-missing");
  const done = timeOf(one);
  const links = linksOf(one, acts);
  for (const [i, { mandate, history }] of asked.entries()) {
    const then = i === 0 ? { ...history, doubled: links.doubled } : history;
    const inForce = tenureVerdict(mandate, then, kind, done);
    if (inForce[0] !== "VALID") return inForce;
  }
  if (aboveMissing) return unknown("mandate-unknown");
  if (links.astray) return refused("act-previous");
  if (links.beaten) return refused("act-double");
  const ceiling = own.get("ceiling");
  if (ceiling !== undefined && links.spent + (act.get("amount") ?? 0) > ceiling[2]) {
    return refused("total-ceiling");
  }
  if (links.missing) return unknown("act-number");
  const said = asked.map(({ instructed, ratified }) => {
    if (instructed[0] !== "NEEDS-RATIFICATION" || ratified === null) return instructed;
    return ratified ? VALID : refused("ratify-refused");
  });
  const open = said.filter(([verdict]) => verdict !== "VALID");
  return open.find(([verdict]) => verdict === "VOID") ?? open[0] ?? VALID;
}
