// Whether a freeze is valid in itself, by the records of one file (specs/07, FRZ-1 to FRZ-3).
//
// Decisions, versions of the compact and lower compacts are not judged here (certificate.js). A file
// shows no order of two records in a log: what would rest on that, it has not.

import { compare, equal, toHex } from "./bytes.js";
import { ruleOf, term } from "./law.js";

const isAscending = (ids) => ids.every((one, i) => i === 0 || compare(ids[i - 1], one) < 0);

/** A council and a number of members, as one text to compare. */
export const rollOf = (council, members) => `${toHex(council)} ${members}`;

/** The same of a roll record. */
export const rollSaid = ({ council, body }) => rollOf(council, body.get("members"));

/**
 * Why not, or null. `given` is {motion, compact, members, about, records}: the records of a kind
 * about the motion, and all records by hex id.
 */
export function freezeFault(freeze, given) {
  return (
    moverFault(freeze, given) ??
    timesFault(freeze, given) ??
    secondsFault(freeze, given) ??
    rollFault(freeze, given) ??
    versionsFault(freeze, given)
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
function takeoverFault({ subject, council, time }, { motion, compact, members, about }) {
  const before = about("withdraw").filter(
    (one) => equal(one.council, motion.council) && one.time <= time,
  );
  if (!equal(subject, motion.id) || equal(council, motion.council)) return "motion-takeover";
  if (!members.has(toHex(council))) return "compact-member";
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

function secondsFault({ body }, { motion, compact, members, about }) {
  const named = new Set((body.get("seconds") ?? []).map(toHex));
  const backing = about("second")
    .filter(({ id, council }) => named.has(toHex(id)) && !equal(council, motion.council))
    .map(({ council }) => toHex(council))
    .filter((council) => members.has(council));
  return new Set(backing).size < compact.get("seconds") ? "motion-seconds" : null;
}

function rollFault({ body }, given) {
  const { motion, compact, members, records } = given;
  const voters = body.get("councils");
  if (!isAscending(voters.map(([council]) => council))) return "freeze-roll";
  const excused = excusedFrom(body, given);
  for (const [council, weight] of voters) {
    const member = members.get(toHex(council));
    if (member === undefined || member.weight !== weight) return "freeze-roll";
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
function excusedFrom(frozen, { motion, members, records }) {
  const { body, council, id } = motion;
  const out = new Set();
  if (body.get("name") === "exclusion" && body.has("target")) out.add(toHex(body.get("target")));
  if (!body.has("affected")) return out;
  const inside = new Set([...body.get("affected"), council].map(toHex));
  for (const claim of namedOf(frozen, "claims", "affected-claim", records, id)) {
    if (!claim.body.has("unit")) inside.add(toHex(claim.council));
  }
  for (const one of members.keys()) if (!inside.has(one)) out.add(one);
  return out;
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
function versionsFault({ body, time }, { motion, compact, members, records }) {
  const versions = body.get("versions") ?? [];
  if (!isAscending(versions)) return "freeze-version";
  for (const id of versions) {
    const amend = records.get(toHex(id));
    if (amend?.kind !== "amend" || !equal(amend.subject, motion.id)) return "freeze-version";
    if (!members.has(toHex(amend.council))) return "compact-member";
    const isEditorial = amend.body.get("editorial") === true;
    if (isEditorial && !equal(amend.council, motion.council)) return "motion-not-mover";
    if (time < amend.time + term(compact, isEditorial ? "editorial" : "freeze_text")) {
      return "amend-late";
    }
  }
  return null;
}
