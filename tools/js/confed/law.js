// Classes of motions, and the rule, quorum and spans that a compact sets (specs/05, COM-5 to COM-8).

import { parseRule } from "./tally.js";

const DAY_S = 86400;

/** Every span that `terms` of a compact can set otherwise, in seconds (COM-7). */
const DEFAULTS = {
  lapse: 180 * DAY_S,
  freeze_text: 2 * DAY_S,
  editorial: DAY_S,
  takeover: 3 * DAY_S,
  pause: 90 * DAY_S,
  reading_min: 7 * DAY_S,
  reading_max: 30 * DAY_S,
  exclusion: 30 * DAY_S,
  emergency_notice: 2 * DAY_S,
  emergency: 30 * DAY_S,
  running: 90 * DAY_S,
  dormancy: 90 * DAY_S,
  hold: 30 * DAY_S,
  demand: 30 * DAY_S,
  talk: 14 * DAY_S,
  mediation: 30 * DAY_S,
  panel: 45 * DAY_S,
  correction: 14 * DAY_S,
};

const row = (given = {}) => ({
  binding: true, // else a second reading has the quorum 1/3, and no certificate is asked
  target: false, // it is about a council, a mandate or a version of the compact
  readings: 1,
  money: true, // whether it may grant money
  lazy: false, // whether `lazy` and `each` may decide it
  ...given,
});

/** Class of motions -> what it may be (COM-8). */
export const CLASSES = new Map(
  Object.entries({
    admin: row({ binding: false, money: false, lazy: true }),
    coordination: row(),
    budget: row(),
    charter: row({ target: true, money: false }),
    accession: row({ target: true, money: false }),
    exclusion: row({ target: true, readings: 2, money: false }),
    "recall-request": row({ binding: false, target: true, money: false }),
    dissolution: row({ money: false }),
    dormancy: row({ target: true, money: false }),
    emergency: row({ money: false }),
  }),
);

/** Whether silence or one council may be enough under a rule (COM-8). */
export const isLight = (rule) => /^(lazy|each)/.test(rule);

/** A span in seconds: what the compact says, or the default. */
export const term = (compact, name) => compact.get("terms")?.get(name) ?? DEFAULTS[name];

/** {rule, quorums: {quorum?, peopleQuorum?}} of a class, or null; Refusal rule-unknown (COM-5). */
export function ruleFor(compact, name) {
  const found = compact.get("rules").find(([one]) => one === name);
  if (found === undefined) return null;
  parseRule(found[1]);
  const share = (rows) => {
    const [, part, whole] = (rows ?? []).find(([one]) => one === name) ?? [];
    return part === undefined ? undefined : [BigInt(part), BigInt(whole)];
  };
  const quorums = {
    quorum: share(compact.get("quorums")),
    peopleQuorum: share(compact.get("people_quorums")),
  };
  return { rule: found[1], quorums };
}

/** The same for a motion: a second reading of a class that does not bind asks 1/3 (MOT-11). */
export function ruleOf(compact, motion) {
  const found = ruleFor(compact, motion.get("name"));
  const again = motion.has("first") && CLASSES.get(motion.get("name"))?.binding === false;
  if (found === null || !again) return found;
  return { ...found, quorums: { ...found.quorums, quorum: [1n, 3n] } };
}
