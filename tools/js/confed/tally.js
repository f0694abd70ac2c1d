// Counting (specs/07, CNT-1 to CNT-13). In BigInt: products of a share and ballots pass 2^53.

import { refuse } from "./errors.js";
import { BALLOTS_MAX, MEMBERS_MAX, SHARE_MAX, WEIGHT_MAX } from "./limits.js";

const PLAIN = /^(simple|majority|double)(_valid)?$|^majority_weighted$|^lazy$|^each$/;
const SHARED = /^(super(?:_valid|_weighted)?|double-super(?:_valid)?)\(([1-9][0-9]{0,3}),([1-9][0-9]{0,3})\)$/;
const COUNTED = /^(consensus|lazy)\((0|[1-9][0-9]{0,3})\)$/;
const HALF = [1n, 2n];
export const VALUES = ["yes", "no", "abstain", "block", "refer-back", "stand-aside"];

/** {name, share: [a, b] or null, most: k, m or null} of a rule id; Refusal rule-unknown (CNT-2). */
export function parseRule(text) {
  if (PLAIN.test(text)) return { name: text, share: null, most: null };
  const counted = COUNTED.exec(text);
  if (counted !== null) {
    const most = Number(counted[2]);
    if (most > MEMBERS_MAX || (counted[1] === "lazy" && most === 0)) refuse("rule-unknown");
    return { name: counted[1], share: null, most: BigInt(most) };
  }
  const found = SHARED.exec(text);
  if (found === null) refuse("rule-unknown");
  const [part, whole] = [Number(found[2]), Number(found[3])];
  if (part > whole || 2 * part < whole || whole > SHARE_MAX) refuse("rule-unknown");
  return { name: found[1], share: [BigInt(part), BigInt(whole)], most: null };
}

function checkNumber(number, most, reason) {
  if (!Number.isInteger(number) || number < 0 || number > most) refuse(reason);
}

/** Check a unit {weight, yes, no, valid?, value?, silent, cast?, roll?}; give its numbers in BigInt. */
function openUnit({ weight, yes, no, valid, value, silent, cast, roll }) {
  checkNumber(weight, WEIGHT_MAX, "units-weight");
  checkNumber(yes, BALLOTS_MAX, "position-tally");
  checkNumber(no, BALLOTS_MAX, "position-tally");
  if (valid !== undefined) {
    checkNumber(valid, BALLOTS_MAX, "units-valid");
    if (valid < yes + no) refuse("units-valid");
  }
  if (cast !== undefined) checkNumber(cast, BALLOTS_MAX, "position-tally");
  if (roll !== undefined) checkNumber(roll, BALLOTS_MAX, "position-tally");
  const ballots = cast ?? valid ?? yes + no;
  if (ballots < (valid ?? yes + no) || ballots > (roll ?? ballots)) refuse("position-tally");
  if (silent && (yes > 0 || no > 0 || valid > 0 || cast > 0 || value !== undefined))
    refuse("position-tally");
  return {
    weight: BigInt(weight),
    yes: BigInt(yes),
    no: BigInt(no),
    valid: BigInt(valid ?? yes + no),
    ballots: BigInt(ballots),
    roll: BigInt(roll ?? 0),
    value: silent ? null : (value ?? valueOf(yes, no)),
  };
}

function valueOf(yes, no) {
  if (yes === no) return "abstain";
  return yes > no ? "yes" : "no";
}

/** Whether x > z, and the share [a, b] is reached (CNT-6). */
const reaches = ([a, b], x, z) => x > z && b * x >= a * (x + z);

/** Whether x is more than the share [a, b] of z; undefined asks nothing (CNT-9). */
const exceeds = (share, x, z) => share === undefined || share[1] * x > share[0] * z;

/** The verdict of a rule that asks councils, from how many said what (CNT-3, CNT-11, CNT-12). */
function councilsAccept({ name, share, most }, said, all) {
  const against = said("no") + said("block");
  if (name === "consensus") {
    const spoke = said("yes") + against + said("abstain") + said("stand-aside");
    const block = said("block");
    const few = 3n * said("stand-aside") < spoke;
    return block <= most && 4n * block <= all && said("yes") > 0n && few;
  }
  if (name === "lazy") return against < (most ?? 1n);
  if (name === "each") return said("yes") > 0n;
  const base = name.endsWith("_valid") ? said("abstain") + said("refer-back") : 0n;
  return reaches(share ?? HALF, said("yes"), against + base);
}

/**
 * {accepted, people: {yes, no, accept}, units: {yes, no, total, accept}, outcome}, under the
 * quorums asked; without one, more than half of the councils (CNT-3, CNT-9 to CNT-13).
 */
export function count(text, given, { quorum, peopleQuorum } = {}) {
  const rule = parseRule(text);
  const { name, share } = rule;
  const units = given.map(openUnit);
  if (units.length === 0) refuse("units-empty");
  if (units.length > MEMBERS_MAX) refuse("units-count");
  const sum = (of) => units.reduce((total, unit) => total + of(unit), 0n);
  const all = BigInt(units.length);
  const asksBoth = name.startsWith("double");
  const weighed = name.endsWith("_weighted");
  const total = sum((unit) => unit.weight);
  if ((asksBoth || weighed) && total === 0n) refuse("units-weight");

  const ownBallots = asksBoth && name.endsWith("_valid");
  const isYes = (unit) => (ownBallots ? 2n * unit.yes > unit.valid : unit.value === "yes");
  const people = { yes: sum((unit) => unit.yes), no: sum((unit) => unit.no) };
  const weightYes = sum((unit) => (isYes(unit) ? unit.weight : 0n));
  const said = (value) => sum((unit) => (unit.value === value ? 1n : 0n));

  let peopleAccept = people.yes > people.no;
  const valid = sum((unit) => unit.valid);
  if (ownBallots || name === "simple_valid")
    peopleAccept = reaches(share ?? HALF, people.yes, valid - people.yes);
  if (name === "double-super") peopleAccept = reaches(share, people.yes, people.no);
  const unitsShare = asksBoth && share !== null ? share : HALF;
  const unitsAccept = reaches(unitsShare, weightYes, total - weightYes);

  let accepted;
  if (asksBoth) accepted = peopleAccept && unitsAccept;
  else if (name === "simple" || name === "simple_valid") accepted = peopleAccept;
  else if (weighed) {
    const isNo = (unit) => unit.value === "no" || unit.value === "block";
    const against = sum((unit) => (isNo(unit) ? unit.weight : 0n));
    accepted = reaches(share ?? HALF, weightYes, against);
  } else accepted = councilsAccept(rule, said, all);

  const took = sum((unit) => (unit.value === null || unit.value === "stand-aside" ? 0n : 1n));
  const asked = quorum ?? (name === "lazy" ? undefined : HALF);
  const cast = sum((unit) => unit.ballots);
  const rolls = sum((unit) => unit.roll);
  const hasQuorum = exceeds(asked, took, all) && exceeds(peopleQuorum, cast, rolls);
  const no = said("no") + (name === "consensus" ? 0n : said("block"));
  const refer = said("refer-back");
  const most = said("yes") > no ? said("yes") : no;
  const referred = refer > 0n && (refer >= most || 3n * refer >= all);
  let outcome = accepted ? "adopted" : "rejected";
  if (!accepted && referred) outcome = "referred-back";
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
