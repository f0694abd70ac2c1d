// Whether a motion is admissible at all (specs/07, MOT-1 to MOT-3), as far as a file shows.

import { toHex } from "./bytes.js";
import { CLASSES, ruleOf } from "./law.js";

/** Why not, or null. `isMember(council)`: whether it was a member when the motion was moved. */
export function motionFault({ body, council, time }, compact, isMember) {
  const law = ruleOf(compact, body);
  if (law === null || !CLASSES.has(body.get("name"))) return "class-unknown";
  if (body.has("rule") && body.get("rule") !== law.rule) return "rule-class";
  if (!isMember(council)) return "compact-member";
  if (compact.has("sunset") && time > compact.get("sunset")) return "compact-ended";
  return isWellMade(body, CLASSES.get(body.get("name")), law.rule) ? null : "motion-field";
}

function isWellMade(body, row, rule) {
  const has = (name) => body.has(name);
  if (has("target") !== row.target || (has("money") && !row.money)) return false;
  if (body.get("name") === "budget" && !has("money")) return false;
  if (rule.startsWith("lazy") && body.get("reversible") !== true) return false;
  if (has("first") && row.binding && row.readings === 1) return false;
  if (has("begins") && has("ends") && body.get("ends") <= body.get("begins")) return false;
  const money = body.get("money");
  return money === undefined || money.get("cap") >= money.get("cost");
}

/** A council named by a motion's target, as hex, or null. */
export const targetOf = ({ body }) => (body.has("target") ? toHex(body.get("target")) : null);
