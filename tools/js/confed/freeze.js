// Whether a freeze is valid in itself, by the records of one file (specs/07, FRZ-1 to FRZ-3).
//
// Versions of the compact and lower compacts are not judged here (filed.js). A file shows no order of
// two records in a log: what would rest on that, it has not.

import { targetOf } from "./admissible.js";
import { compare, equal, toHex } from "./bytes.js";
import { CLASSES, ruleOf, term } from "./law.js";

const isAscending = (ids) => ids.every((one, i) => i === 0 || compare(ids[i - 1], one) < 0);

/** A council and a number of members, as one text to compare. */
export const rollOf = (council, members) => `${toHex(council)} ${members}`;

/** The same of a roll record. */
export const rollSaid = ({ council, body }) => rollOf(council, body.get("members"));

/**
 * Why not, or null. `given` is {motion, compact, members, records, about, isMember, decided}: all
 * records by hex id, those of a kind about the motion, whether a council was admitted before a
 * time, and {outcome, closes} of another motion that closed before one, or null.
 */
export function freezeFault(freeze, given) {
  return (
    moverFault(freeze, given) ??
    timesFault(freeze, given) ??
    secondsFault(freeze, given) ??
    rollFault(freeze, given) ??
    versionsFault(freeze, given) ??
    readingFault(freeze, given)
  );
}

function moverFault({ body, council }, given) {
  const { motion, records } = given;
  if (body.has("takeover")) {
    const takeover = records.get(toHex(body.get("takeover")));
    const fault = takeover?.kind === "takeover" ? takeoverFault(takeover, given) : "motion-takeover";
    return fault ?? (equal(takeover.council, council) ? null : "motion-not-mover");
  }
  if (!equal(council, motion.council)) return "motion-not-mover";
  const isIn = body.get("councils").some(([one]) => equal(one, motion.council));
  return isIn ? null : "freeze-roll";
}

/** Why a council has not taken a withdrawn motion over, or null if it has (MOT-8). */
function takeoverFault({ subject, council, time }, { motion, compact, isMember, about }) {
  const before = about("withdraw").filter(
    (one) => equal(one.council, motion.council) && one.time <= time,
  );
  if (!equal(subject, motion.id) || equal(council, motion.council)) return "motion-takeover";
  if (!isMember(council, motion.time)) return "compact-member";
  const latest = Math.max(...before.map((one) => one.time));
  return time - latest <= term(compact, "takeover") ? null : "motion-takeover";
}

function timesFault({ body, time }, { motion, compact }) {
  const windows = compact.get("windows");
  let notice = windows.get("notice");
  if (motion.body.get("name") === "emergency") {
    notice = Math.min(notice, term(compact, "emergency_notice"));
  } else if (time < motion.time + windows.get("discussion")) return "discussion-open";
  if (time > motion.time + term(compact, "lapse")) return "motion-lapsed";
  const [opens, closes] = [body.get("opens"), body.get("closes")];
  const fits = opens >= time + notice && closes - opens === windows.get("voting");
  return fits ? null : "freeze-window";
}

function secondsFault({ body }, { motion, compact, isMember, about }) {
  const named = new Set((body.get("seconds") ?? []).map(toHex));
  const backing = about("second")
    .filter(({ id, council }) => named.has(toHex(id)) && !equal(council, motion.council))
    .filter(({ council }) => isMember(council, motion.time))
    .map(({ council }) => toHex(council));
  return new Set(backing).size < compact.get("seconds") ? "motion-seconds" : null;
}

function rollFault({ body }, given) {
  const { motion, compact, members, records, isMember } = given;
  const voters = body.get("councils");
  if (!isAscending(voters.map(([council]) => council))) return "freeze-roll";
  const excused = excusedFrom(body, given);
  for (const [council, weight] of voters) {
    const member = members.get(toHex(council));
    if (member === undefined || member.weight !== weight) return "freeze-roll";
    if (!isMember(council, body.get("opens"))) return "freeze-roll";
    if (excused.has(toHex(council))) return "freeze-roll";
  }
  const left = namedOf(body, "exits", "exit", records, motion.subject);
  const listed = new Set(voters.map(([council]) => toHex(council)));
  for (const [council, { accession }] of members) {
    const mayMiss = accession !== null || listed.has(council) || excused.has(council);
    if (!mayMiss && !left.some((one) => toHex(one.council) === council)) return "freeze-roll";
  }
  return frozenRollsFault(body, given, ruleOf(compact, motion.body));
}

/** The records of a kind about something that a freeze names in one of its lists. */
const namedOf = (body, list, kind, records, subject) =>
  (body.get(list) ?? [])
    .map((id) => records.get(toHex(id)))
    .filter((one) => one?.kind === kind && equal(one.subject, subject));

/** The members that are not in C although they have not left (FRZ-2). */
function excusedFrom(frozen, given) {
  const { motion, members, records } = given;
  const { body, council, id } = motion;
  const out = new Set();
  if (body.get("name") === "exclusion" && body.has("target")) out.add(targetOf(motion));
  for (const decision of frozen.get("decisions") ?? []) {
    const target = takenOut(records.get(toHex(decision)), frozen.get("opens"), given);
    if (target !== null) out.add(target);
  }
  if (!body.has("affected")) return out;
  const inside = new Set([...body.get("affected"), council].map(toHex));
  for (const claim of namedOf(frozen, "claims", "affected-claim", records, id)) {
    if (!claim.body.has("unit")) inside.add(toHex(claim.council));
  }
  for (const one of members.keys()) if (!inside.has(one)) out.add(one);
  return out;
}

/** The council that an adopted exclusion or dormancy takes out of C, as hex, or null (EXC-2, DOR-1). */
function takenOut(decision, before, { motion, decided }) {
  if (decision?.kind !== "motion" || !equal(decision.subject, motion.subject)) return null;
  const name = decision.body.get("name");
  const isWhole = name === "dormancy" || (name === "exclusion" && decision.body.has("first"));
  if (!isWhole || decided(decision.id, before)?.outcome !== "adopted") return null;
  return targetOf(decision);
}

/** Each council of C has said, in some roll record, what is frozen of its members (POS-7). */
function frozenRollsFault(body, { records }, law) {
  const rolls = body.get("rolls");
  if (rolls === undefined) return law?.quorums.peopleQuorum === undefined ? null : "freeze-roll";
  const said = new Set([...records.values()].filter(({ kind }) => kind === "roll").map(rollSaid));
  const voters = body.get("councils");
  const isWhole = rolls.length === voters.length;
  return isWhole && voters.every(([council], i) => said.has(rollOf(council, rolls[i])))
    ? null
    : "freeze-roll";
}

/** Competing versions stand in ascending order and rested before the freeze (MOT-6, MOT-7). */
function versionsFault({ body, time }, { motion, compact, isMember, records }) {
  const versions = body.get("versions") ?? [];
  if (!isAscending(versions)) return "freeze-version";
  for (const id of versions) {
    const amend = records.get(toHex(id));
    if (amend?.kind !== "amend" || !equal(amend.subject, motion.id)) return "freeze-version";
    if (!isMember(amend.council, motion.time)) return "compact-member";
    const isEditorial = amend.body.get("editorial") === true;
    if (isEditorial && !equal(amend.council, motion.council)) return "motion-not-mover";
    if (time < amend.time + term(compact, isEditorial ? "editorial" : "freeze_text")) {
      return "amend-late";
    }
  }
  return null;
}

/** A second reading comes neither too early nor too late, on the same matter (MOT-11). */
function readingFault({ body }, { motion, compact, records, decided }) {
  if (!motion.body.has("first")) return null;
  const first = records.get(toHex(motion.body.get("first")));
  const name = motion.body.get("name");
  const isSame =
    first?.kind === "motion" &&
    first.body.get("name") === name &&
    targetOf(first) === targetOf(motion) &&
    equal(first.subject, motion.subject) &&
    !first.body.has("first");
  const opens = body.get("opens");
  const found = isSame ? decided(first.id, opens) : null;
  if (found === null) return "motion-reading";
  const after = (span) => found.closes + term(compact, span);
  const isGood =
    CLASSES.get(name)?.readings === 2
      ? found.outcome === "adopted" && opens >= after("exclusion")
      : found.outcome === "no-quorum" && after("reading_min") <= opens && opens <= after("reading_max");
  return isGood ? null : "motion-reading";
}
