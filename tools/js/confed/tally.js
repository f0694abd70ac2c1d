// Counting (specs/07, CNT-1 to CNT-10). In BigInt: products of a share and ballots pass 2^53.

import { refuse } from "./errors.js";
import { BALLOTS_MAX, MEMBERS_MAX, SHARE_MAX, WEIGHT_MAX } from "./limits.js";

const RULE = /^(simple|majority|double|double_valid)$/;
const SHARED_RULE = /^(super|double-super)\(([1-9][0-9]{0,3}),([1-9][0-9]{0,3})\)$/;
const HALF = [1n, 2n];

/** {name, share: [a, b] or null} of a rule id; Refusal rule-unknown (CNT-2). */
export function parseRule(text) {
  if (RULE.test(text)) return { name: text, share: null };
  const found = SHARED_RULE.exec(text);
  if (found === null) refuse("rule-unknown");
  const [part, whole] = [Number(found[2]), Number(found[3])];
  if (part > whole || 2 * part < whole || whole > SHARE_MAX) refuse("rule-unknown");
  return { name: found[1], share: [BigInt(part), BigInt(whole)] };
}

function checkNumber(number, most, reason) {
  if (!Number.isInteger(number) || number < 0 || number > most) refuse(reason);
}

/** Check a unit {weight, yes, no, valid?, value?, silent}; give its numbers in BigInt. */
function openUnit({ weight, yes, no, valid, value, silent }) {
  checkNumber(weight, WEIGHT_MAX, "units-weight");
  checkNumber(yes, BALLOTS_MAX, "position-tally");
  checkNumber(no, BALLOTS_MAX, "position-tally");
  if (valid !== undefined) {
    checkNumber(valid, BALLOTS_MAX, "units-valid");
    if (valid < yes + no) refuse("units-valid");
  }
  if (silent && (yes > 0 || no > 0 || valid > 0 || value !== undefined)) refuse("position-tally");
  return {
    weight: BigInt(weight),
    yes: BigInt(yes),
    no: BigInt(no),
    valid: BigInt(valid ?? yes + no),
    value: silent ? null : (value ?? valueOf(yes, no)),
  };
}

function valueOf(yes, no) {
  if (yes === no) return "abstain";
  return yes > no ? "yes" : "no";
}

/** Whether x > z, and the share [a, b] is reached (CNT-6). */
const reaches = ([a, b], x, z) => x > z && b * x >= a * (x + z);

/**
 * {accepted, people: {yes, no, accept}, units: {yes, no, total, accept}, outcome}, the outcome
 * being that of a class that binds (CNT-3, CNT-9, CNT-10).
 */
export function count(rule, given) {
  const { name, share } = parseRule(rule);
  const units = given.map(openUnit);
  if (units.length === 0) refuse("units-empty");
  if (units.length > MEMBERS_MAX) refuse("units-count");
  const sum = (of) => units.reduce((total, unit) => total + of(unit), 0n);
  const asksUnits = name.startsWith("double");
  const total = sum((unit) => unit.weight);
  if (asksUnits && total === 0n) refuse("units-weight");

  const isYes = (unit) =>
    name === "double_valid" ? 2n * unit.yes > unit.valid : unit.value === "yes";
  const people = { yes: sum((unit) => unit.yes), no: sum((unit) => unit.no) };
  const weightYes = sum((unit) => (isYes(unit) ? unit.weight : 0n));
  const councils = (value) => sum((unit) => (unit.value === value ? 1n : 0n));

  let peopleAccept = people.yes > people.no;
  if (name === "double_valid") peopleAccept = 2n * people.yes > sum((unit) => unit.valid);
  if (name === "double-super") peopleAccept = reaches(share, people.yes, people.no);
  const unitsShare = name === "double-super" ? share : HALF;
  const unitsAccept = reaches(unitsShare, weightYes, total - weightYes);

  let accepted = peopleAccept && unitsAccept;
  if (name === "simple") accepted = peopleAccept;
  if (name === "majority") accepted = reaches(HALF, councils("yes"), councils("no"));
  if (name === "super") accepted = reaches(share, councils("yes"), councils("no"));
  const hasQuorum = 2 * units.filter((unit) => unit.value !== null).length > units.length;
  const outcome = accepted ? "adopted" : "rejected";
  return {
    accepted,
    people: { yes: Number(people.yes), no: Number(people.no), accept: peopleAccept },
    units: {
      yes: Number(weightYes),
      no: Number(total - weightYes),
      total: Number(total),
      accept: unitsAccept,
    },
    outcome: hasQuorum ? outcome : "no-quorum",
  };
}
