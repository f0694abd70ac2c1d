// What a verdict on files rests on, and whether it can still change (specs/12, BUN-17).

import { compare, equal, toHex } from "./bytes.js";
import { isInLog } from "./evidence.js";

/** Reasons of VOID that rest on the mandate, the act and its head, or on what stays there. */
const STANDING = new Set([
  "mandate-not-begun",
  "mandate-ended",
  "mandate-scope",
  "mandate-form",
  "act-attendance",
  "act-ceiling",
  "total-ceiling",
  "act-stale",
  "instruction",
  "refer-back",
  "overridden",
]);

/** The newest signed head of each log that a file is about: [{council, name, size, time}]. */
export function headsOf(proved) {
  const newest = new Map();
  for (const { head, subject, authorities } of proved) {
    if (head === null) continue;
    const { body } = authorities.get(toHex(subject.council)).charters.at(-1);
    const seen = { council: subject.council, name: body.get("name"), size: head.size, time: head.time };
    const known = newest.get(toHex(head.log));
    const isNewer =
      known === undefined ||
      known.size < seen.size ||
      (known.size === seen.size && known.time < seen.time);
    if (isNewer) newest.set(toHex(head.log), seen);
  }
  return [...newest.values()].sort(
    (a, b) => compare(a.council, b.council) || a.time - b.time || a.size - b.size,
  );
}

/**
 * Whether no record that the files lack can change the verdict on a mandate, or an act under it,
 * made for the time `at` (null: not known). A recall may take effect later than it seems, but no
 * later than a head that covers it (RCL-2, LOG-7).
 */
export function stays({ proved }, mandate, [, reason], at) {
  if (reason !== "recalled") return STANDING.has(reason);
  return at !== null && proved.some((one) => showsRecall(one, mandate, at));
}

const showsRecall = (proved, mandate, at) =>
  proved.head !== null &&
  proved.head.time <= at &&
  [...proved.records].some(
    ([id, { kind, subject, council }]) =>
      kind === "recall" &&
      equal(subject, mandate.id) &&
      equal(council, mandate.council) &&
      isInLog(proved, id),
  );
