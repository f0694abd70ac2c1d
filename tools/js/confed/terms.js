// A mandate in plain words: the rows of `confed verify` and of the paper mandate, word for word.

import * as bech32m from "./bech32m.js";
import { equal } from "./bytes.js";

const id = (record) => bech32m.encode("cfr", record);
const key = (delegate) => bech32m.encode("cfk", delegate);

/** Seconds UTC as a date and a time of day. */
export function moment(seconds) {
  const at = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const day = `${String(at.getUTCFullYear()).padStart(4, "0")}-${two(at.getUTCMonth() + 1)}`;
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":");
  return `${day}-${two(at.getUTCDate())} ${time} UTC`;
}

/** [name, words] of each matter in a mandate's body; an empty name goes on with the last. */
export function mandateTerms(mandate) {
  const get = (name) => mandate.get(name);
  const rows = [["delegate", key(get("delegate"))]];
  const together = get("parity") === "all" ? "with (all must sign)" : "with";
  for (const one of get("partners") ?? []) rows.push([together, key(one)]);
  for (const one of get("substitutes") ?? []) rows.push(["substitute", key(one)]);
  const where = [get("forum"), get("level")].filter((one) => one !== undefined);
  rows.push(["where", where.join(" / ") || "not said"]);
  rows.push(["may", get("kinds").join(", ")]);
  rows.push(["in force", `from ${moment(get("starts"))} until ${moment(get("until"))}`]);
  if (mandate.has("above")) rows.push(["passes on", id(get("above"))]);
  if (mandate.has("holdover")) {
    const [seconds, kinds] = get("holdover");
    rows.push(["to finish", `${kinds.join(", ")} until ${moment(get("until") + seconds)}`]);
  }
  if (mandate.has("attendance")) {
    rows.push(["presence", "acts count only where the delegate was present"]);
  }
  if (mandate.has("reports")) rows.push(["reports", get("reports").map(moment).join(", ")]);
  if (mandate.has("ceiling")) {
    const [currency, act, total] = get("ceiling");
    rows.push(["money", `${act} an act, ${total} in all (${currency})`]);
  }
  if (mandate.has("subjects")) rows.push(["only about", get("subjects").map(id).join(", ")]);
  return [...rows, ...instructionsOf(mandate), ...endOf(mandate)];
}

function instructionsOf(mandate) {
  const rows = [];
  for (const [motion, value] of mandate.get("instructions") ?? []) {
    rows.push(["instruction", `${value} on ${id(motion)}`]);
    for (const [on, test, about] of mandate.get("conditions") ?? []) {
      const holds = test === "in" ? "is in it" : "was adopted";
      if (equal(on, motion)) rows.push(["", `only if ${id(about)} ${holds}`]);
    }
  }
  const otherwise =
    mandate.get("otherwise") === "ratify"
      ? "what is not named here the council has to ratify"
      : "refer back: what is not named here goes home to the council";
  return [...rows, ["else", otherwise]];
}

function endOf(mandate) {
  const rows = [];
  if (mandate.has("petition")) {
    const [part, whole] = mandate.get("petition");
    rows.push(["petition", `${part} of ${whole} members put a recall on the agenda`]);
  }
  if (mandate.has("pay")) rows.push(["pay", mandate.get("pay")]);
  return rows;
}
