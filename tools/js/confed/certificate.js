// A certificate, counted again from the positions in its file (specs/07, CER; specs/12, BUN-12, BUN-19).

import { motionFault } from "./admissible.js";
import { compare, toHex } from "./bytes.js";
import { Refusal, refuse } from "./errors.js";
import { Filed, quorumOfLocks } from "./filed.js";
import { freezeFault } from "./freeze.js";
import { ruleOf } from "./law.js";
import { receiptsNeeded } from "./mandate.js";
import { count } from "./tally.js";

/** Classes about the compact itself, which concern all of its councils (NES-4). */
const WITHIN = new Set(["charter", "accession", "exclusion", "dissolution", "dormancy"]);

/**
 * {title, compactName, rule, outcome, accepted, people, units, signers, needed, councils, roll}.
 * Refusal: what is missing, or why these records certify nothing.
 */
export function certified(proved) {
  const filed = new Filed(proved);
  filed.checkWhole(proved.subject);
  return new Decisions(filed).certified(proved.subject);
}

/** What the decisions of a file come to, each judged once. */
class Decisions {
  #filed;
  #known = new Map(); // hex of a motion -> {outcome, closes}, or null: nothing is certified

  constructor(filed) {
    this.#filed = filed;
  }

  certified(motion) {
    const { filed, compact, members } = this.#about(motion);
    const law = ruleOf(compact, motion.body);
    if (law === null) refuse("class-unknown");
    if (!members.has(toHex(motion.council))) refuse("compact-member");
    if (compact.has("level") && !WITHIN.has(motion.body.get("name"))) refuse("level-lower");
    const freeze = filed.freezeOf(motion);
    const fault = freezeFault(freeze, this.#given(motion));
    if (fault !== null) refuse(fault);
    const ours = (kind) => filed.about(motion.id, kind);
    const found = certify(filed.records, freeze, law, ours("vote"), ours("lock"));
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

  #about(motion) {
    return { filed: this.#filed, ...this.#filed.compactOf(motion.subject) };
  }

  /** What a freeze is judged by; see `freezeFault`. */
  #given(motion) {
    const { filed, compact, members } = this.#about(motion);
    return {
      motion,
      compact,
      members,
      records: filed.records,
      about: (kind) => filed.about(motion.id, kind),
      isMember: (council, before) => this.#isMember(motion.subject, council, before),
      decided: (id, before) => this.#decided(id, before),
    };
  }

  /** Whether a council was admitted by a time: a founder, by sponsors, or by a motion (ACC-1). */
  #isMember(compactId, council, before) {
    const { compact, members } = this.#filed.compactOf(compactId);
    const member = members.get(toHex(council));
    if (member === undefined) return false;
    if (member.accession === null || !this.#filed.asksMotion(compact)) return true;
    return this.#filed.letsIn(member.accession) && this.#isAdopted(member.accession, before);
  }

  #isAdopted({ body }, before) {
    return this.#decided(body.get("motion"), before)?.outcome === "adopted";
  }

  /** {outcome, closes} of a motion whose voting closed before a time, or null. */
  #decided(id, before) {
    const motion = this.#filed.records.get(toHex(id));
    const freeze = motion?.kind === "motion" ? this.#filed.freezeOf(motion, null) : null;
    if (freeze === null) return null;
    const closes = freeze.body.get("closes");
    if (!(motion.time <= closes && closes < before)) return null;
    const name = toHex(id);
    if (!this.#known.has(name)) this.#known.set(name, this.#outcomeOf(motion, closes));
    return this.#known.get(name);
  }

  #outcomeOf(motion, closes) {
    try {
      const { compact } = this.#about(motion);
      const isMember = (council) => this.#isMember(motion.subject, council, motion.time);
      if (motionFault(motion, compact, isMember) !== null) return null;
      return { outcome: this.certified(motion).outcome, closes };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return null;
    }
  }
}

/** {outcome, people, units, round, signers} of the locks and the list of w votes (CER-1, CER-5). */
function certify(records, freeze, law, votes, locks) {
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
  const tally = tallyOf(records, freeze, law, votes[0].body.get("counted"));
  if (tally?.outcome !== outcome) refuse("vote-list");
  return { outcome, people: tally.people, units: tally.units, round, signers: by.size };
}

/** The count of these positions with silence for the rest of C; null if the list is not good. */
function tallyOf(records, freeze, { rule, quorums }, counted) {
  if (counted.some((id, i) => i > 0 && compare(counted[i - 1], id) >= 0)) return null;
  const spoke = new Map();
  for (const id of counted) {
    const position = records.get(toHex(id));
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
