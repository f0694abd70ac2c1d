// A certificate, counted again from the positions in its file (specs/07, CER; specs/12, BUN-12, BUN-19).

import { compare, equal, toHex } from "./bytes.js";
import { compactOf } from "./compact.js";
import { Refusal, refuse } from "./errors.js";
import { freezeFault, rollOf, rollSaid } from "./freeze.js";
import { ruleFor, ruleOf } from "./law.js";
import { receiptsNeeded } from "./mandate.js";
import { count } from "./tally.js";

/** Classes about the compact itself, which concern all of its councils (NES-4). */
const WITHIN = new Set(["charter", "accession", "exclusion", "dissolution", "dormancy"]);

/** The fields of a motion that name other records, one or a list of them. */
const NAMING = ["target", "first", "parent", "supersedes", "repeals", "depends", "contradicts"];

/** q, for so many councils in C (CER-1). */
export const quorumOfLocks = (councils) =>
  councils >= 4 ? Math.floor((2 * councils) / 3) + 1 : Math.floor(councils / 2) + 1;

/**
 * {title, compactName, rule, outcome, accepted, people, units, signers, needed, councils, roll}.
 * Refusal: what is missing, or why these records certify nothing.
 */
export function certified(proved) {
  const motion = proved.subject;
  const { compact, members: named } = compactOf(proved, motion.subject);
  const members = withoutLetIn(compact, named);
  const freeze = theFreeze(proved, motion.id);
  checkJoined(proved, motion.subject, compact, freeze);
  const votes = checkComplete(proved, motion.id, freeze);
  checkAlone(proved, motion, compact, freeze);
  const law = ruleOf(compact, motion.body);
  if (law === null) refuse("class-unknown");
  if (!members.has(toHex(motion.council))) refuse("compact-member");
  if (compact.has("level") && !WITHIN.has(motion.body.get("name"))) refuse("level-lower");
  const about = (kind) => ofKind(proved, kind).filter((one) => equal(one.subject, motion.id));
  const fault = freezeFault(freeze, { motion, compact, members, about, records: proved.records });
  if (fault !== null) refuse(fault);
  const found = certify(proved, freeze, law, votes, about("lock"));
  const voters = freeze.body.get("councils");
  return {
    ...found,
    title: motion.body.get("titles")[0][1],
    compact: motion.subject,
    compactName: compact.get("name"),
    rule: law.rule,
    accepted: found.outcome === "adopted",
    needed: quorumOfLocks(voters.length),
    councils: voters.length,
    roll: new Set(voters.map(([council]) => toHex(council))),
  };
}

const ofKind = ({ records }, kind) => [...records.values()].filter((one) => one.kind === kind);

function theFreeze(proved, motion) {
  const freezes = ofKind(proved, "freeze");
  if (freezes.length === 0) refuse("bundle-missing");
  if (freezes.length > 1) refuse("freeze-double");
  if (!equal(freezes[0].subject, motion)) refuse("freeze-mismatch");
  return freezes[0];
}

/** Every council of C is a founder, or its accession is there. */
function checkJoined(proved, compactId, compact, freeze) {
  const accessions = ofKind(proved, "accession").filter((one) => equal(one.subject, compactId));
  const inside = new Set(
    [...compact.get("founders").map(([council]) => council), ...accessions.map((a) => a.council)].map(
      toHex,
    ),
  );
  const all = freeze.body.get("councils").every(([council]) => inside.has(toHex(council)));
  if (!all) refuse("bundle-missing");
}

/** The members that no decision had to admit: no file shows one to this verifier (ACC-3). */
function withoutLetIn(compact, members) {
  if (ruleFor(compact, "accession") === null) return members;
  return new Map([...members].filter(([, { accession }]) => accession === null));
}

/**
 * A freeze that rests on other decisions, on versions of the compact or on lower compacts is not
 * judged here: to this verifier they are not in the file, and the answer is UNKNOWN (BUN-19).
 */
function checkAlone(proved, motion, compact, freeze) {
  const asked = ["first", "version", "units"];
  if (freeze.body.has("decisions")) refuse("bundle-missing");
  if (asked.some((name) => motion.body.has(name))) refuse("bundle-missing");
  const voters = new Set(freeze.body.get("councils").map(([council]) => toHex(council)));
  const letIn = ofKind(proved, "accession").some(
    ({ body, council }) => body.has("motion") && voters.has(toHex(council)),
  );
  if (letIn && ruleFor(compact, "accession") !== null) refuse("bundle-missing");
}

/** The votes, of one list: every record that they and the freeze name is there, none of another motion. */
function checkComplete(proved, motion, freeze) {
  for (const [council] of freeze.body.get("councils")) {
    if (!proved.authorities.has(toHex(council))) refuse("bundle-missing");
  }
  const votes = ofKind(proved, "vote");
  if (votes.length === 0) refuse("bundle-missing");
  const positions = ofKind(proved, "position");
  for (const one of [...votes, ...positions, ...ofKind(proved, "lock")]) {
    const isOurs = equal(one.body.get("freeze"), freeze.id) && equal(one.subject, motion);
    if (!isOurs) refuse("freeze-mismatch");
  }
  const lists = new Set(votes.map(({ body }) => body.get("counted").map(toHex).join()));
  if (lists.size > 1) refuse("vote-list");
  const counted = new Set(votes[0].body.get("counted").map(toHex));
  for (const id of [...namedBy(freeze).map(toHex), ...counted]) {
    if (!proved.records.has(id)) refuse("bundle-missing");
  }
  checkBeside(proved, motion, freeze);
  if (positions.some(({ id }) => !counted.has(toHex(id)))) refuse("vote-list");
  const motions = ofKind(proved, "motion");
  const asked = new Set([motion, ...motions.flatMap(namesOf)].map(toHex));
  if (motions.some(({ id }) => !asked.has(toHex(id)))) refuse("freeze-mismatch");
  return votes;
}

/** The ids of the records that a motion names. */
const namesOf = ({ body }) =>
  NAMING.flatMap((name) => body.get(name) ?? []);

/** The ids of all records that a freeze names one by one. */
function namedBy({ body }) {
  const lists = ["seconds", "accessions", "exits", "claims", "versions"];
  const takeover = body.has("takeover") ? [body.get("takeover")] : [];
  return [...lists.flatMap((name) => body.get(name) ?? []), ...takeover];
}

/** What a freeze rests on without naming it is there, and nothing rests on the order of a log. */
function checkBeside(proved, motion, { body }) {
  const voters = new Set(body.get("councils").map(([council]) => toHex(council)));
  const exits = (body.get("exits") ?? []).map((id) => proved.records.get(toHex(id)));
  if (exits.some(({ council }) => voters.has(toHex(council)))) refuse("bundle-missing");
  const isWithdrawn = ofKind(proved, "withdraw").some(
    ({ subject, council }) =>
      equal(subject, motion) && equal(council, proved.subject.council),
  );
  if (body.has("takeover") && !isWithdrawn) refuse("bundle-missing");
  const said = new Set(ofKind(proved, "roll").map(rollSaid));
  const rolls = (body.get("rolls") ?? []).slice(0, voters.size);
  const lacks = rolls.some((members, i) => !said.has(rollOf(body.get("councils")[i][0], members)));
  if (lacks) refuse("bundle-missing");
}

/** {outcome, people, units, round, signers} of the locks and the list of w votes (CER-1, CER-5). */
function certify(proved, freeze, law, votes, locks) {
  const roll = new Set(freeze.body.get("councils").map(([council]) => toHex(council)));
  const signed = new Map(); // "round outcome" -> hex ids of councils
  const closes = freeze.body.get("closes");
  const inTime = ({ time }) => time > closes; // CER-6: a key that had expired by then says nothing
  for (const { body, council } of locks.filter(inTime)) {
    if (!roll.has(toHex(council))) continue;
    const name = `${body.get("round")} ${body.get("outcome")}`;
    signed.set(name, (signed.get(name) ?? new Set()).add(toHex(council)));
  }
  const reached = [...signed].filter(([, by]) => by.size >= quorumOfLocks(roll.size));
  if (reached.length === 0) refuse("locks-missing");
  if (new Set(reached.map(([name]) => name.split(" ")[1])).size > 1) refuse("locks-split");
  const needed = Math.max(1, receiptsNeeded(roll.size));
  const [name, by] =
    reached.find(([name]) => {
      const vouching = votes
        .filter(inTime)
        .filter(({ body }) => `${body.get("round")} ${body.get("outcome")}` === name)
        .map(({ council }) => toHex(council))
        .filter((council) => roll.has(council));
      return new Set(vouching).size >= needed;
    }) ?? refuse("vote-list");
  const [round, outcome] = [Number(name.split(" ")[0]), name.split(" ")[1]];
  const tally = tallyOf(proved, freeze, law, votes[0].body.get("counted"));
  if (tally?.outcome !== outcome) refuse("vote-list");
  return { outcome, people: tally.people, units: tally.units, round, signers: by.size };
}

/** The count of these positions with silence for the rest of C; null if the list is not good. */
function tallyOf(proved, freeze, { rule, quorums }, counted) {
  if (counted.some((id, i) => i > 0 && compare(counted[i - 1], id) >= 0)) return null;
  const spoke = new Map();
  for (const id of counted) {
    const position = proved.records.get(toHex(id));
    if (position?.kind !== "position" || spoke.has(toHex(position.council))) return null;
    if (position.time > freeze.body.get("closes")) return null;
    spoke.set(toHex(position.council), position.body);
  }
  const rolls = freeze.body.get("rolls") ?? [];
  const units = freeze.body.get("councils").map(([council, weight], i) => {
    const position = spoke.get(toHex(council));
    spoke.delete(toHex(council));
    return unitOf(weight, position, rolls[i]);
  });
  if (spoke.size > 0) return null; // a position by a council that is not in C
  try {
    return count(rule, units, quorums);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return null;
  }
}

/** The unit of a council of C, silent without a position (POS-5, POS-9). */
function unitOf(weight, position, roll) {
  if (position === undefined) return { weight, yes: 0, no: 0, silent: true, roll };
  const number = (name) => position.get(name) ?? 0;
  const ballots = ["yes", "no", "abstain", "block", "aside"].map(number);
  const sum = ballots.reduce((total, one) => total + one, 0);
  const isWhole = ["reason", "clause", "contact"].every((name) => position.has(name));
  const said = position.get("value");
  return {
    weight,
    yes: number("yes"),
    no: number("no"),
    valid: position.get("valid"),
    value: said === "block" && !isWhole ? "no" : said,
    silent: false,
    cast: Math.max(number("valid"), sum),
    roll,
  };
}
