// Whether a freeze is valid in itself, by the records of one file (specs/07, FRZ-1 to FRZ-3).
//
// A file has no exits, decisions, ratifications, claims, versions, takeovers or rolls beside the
// freeze (BUN-8), so a freeze that rests on one of these does not stand by a file.

import { compare, equal, toHex } from "./bytes.js";
import { ruleOf, term } from "./law.js";

const isAscending = (ids) => ids.every((one, i) => i === 0 || compare(ids[i - 1], one) < 0);

/** Why not, or null. `about` is {motion, compact, members, seconds}: records, and the members. */
export function freezeFault(freeze, about) {
  return (
    moverFault(freeze, about) ??
    timesFault(freeze, about) ??
    secondsFault(freeze, about) ??
    rollFault(freeze, about) ??
    (freeze.body.has("versions") ? "freeze-version" : null) ??
    (about.motion.body.has("first") ? "motion-reading" : null)
  );
}

function moverFault({ body, council }, { motion }) {
  if (body.has("takeover")) return "motion-takeover";
  if (!equal(council, motion.council)) return "motion-not-mover";
  const isIn = body.get("councils").some(([one]) => equal(one, motion.council));
  return isIn ? null : "freeze-roll";
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

function secondsFault({ body }, { motion, compact, members, seconds }) {
  const named = new Set((body.get("seconds") ?? []).map(toHex));
  const backing = seconds
    .filter(({ id, council }) => named.has(toHex(id)) && !equal(council, motion.council))
    .map(({ council }) => toHex(council))
    .filter((council) => members.has(council));
  return new Set(backing).size < compact.get("seconds") ? "motion-seconds" : null;
}

function rollFault({ body }, { motion, compact, members }) {
  const voters = body.get("councils");
  if (!isAscending(voters.map(([council]) => council))) return "freeze-roll";
  const excused = excusedFrom(motion, members);
  for (const [council, weight] of voters) {
    const member = members.get(toHex(council));
    if (member === undefined || member.weight !== weight) return "freeze-roll";
    if (excused.has(toHex(council))) return "freeze-roll";
  }
  const listed = new Set(voters.map(([council]) => toHex(council)));
  for (const [council, { accession }] of members) {
    if (accession === null && !listed.has(council) && !excused.has(council)) return "freeze-roll";
  }
  const asksRolls = ruleOf(compact, motion.body)?.quorums.peopleQuorum !== undefined;
  return asksRolls || body.has("rolls") ? "freeze-roll" : null;
}

/** The members that are not in C although they have not left (FRZ-2). */
function excusedFrom({ body, council }, members) {
  const out = new Set();
  if (body.get("name") === "exclusion" && body.has("target")) out.add(toHex(body.get("target")));
  const affected = body.has("affected") ? new Set(body.get("affected").map(toHex)) : null;
  for (const one of members.keys()) {
    if (body.has("version")) out.add(one); // no file shows who ratified it
    if (affected !== null && !affected.has(one) && one !== toHex(council)) out.add(one);
  }
  return out;
}
