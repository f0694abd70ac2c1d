// What a certificate's file holds besides its own motion, and that it holds all of it (BUN-12, BUN-19).
//
// Versions of the compact and lower compacts are not judged: to this verifier they are not in the
// file, and the answer is UNKNOWN.

import { equal, toHex } from "./bytes.js";
import { compactOf } from "./compact.js";
import { Refusal, refuse } from "./errors.js";
import { rollOf, rollSaid } from "./freeze.js";
import { ruleFor } from "./law.js";

const VOTING = ["motion", "freeze", "position", "vote", "lock"];
/** The fields of a motion that name other records, one or a list of them. */
const NAMING = ["target", "first", "parent", "supersedes", "repeals", "depends", "contradicts"];
const NAMED_ONE_BY_ONE = ["seconds", "accessions", "exits", "claims", "versions"];

/** q, for so many councils in C (CER-1). */
export const quorumOfLocks = (councils) =>
  councils >= 4 ? Math.floor((2 * councils) / 3) + 1 : Math.floor(councils / 2) + 1;

const councilsOf = ({ body }) => body.get("councils").map(([council]) => toHex(council));

/** The records of a certificate's file, as its judge asks for them. */
export class Filed {
  #proved;
  #compacts = new Map(); // hex -> what compactOf gave or refused

  constructor(proved) {
    this.#proved = proved;
    this.records = proved.records;
  }

  ofKind(kind) {
    return [...this.records.values()].filter((one) => one.kind === kind);
  }

  /** The records of a kind with this subject. */
  about(subject, kind) {
    return this.ofKind(kind).filter((one) => equal(one.subject, subject));
  }

  /** {compact, members} of a founded compact; Refusal as `compactOf`. */
  compactOf(id) {
    const name = toHex(id);
    if (!this.#compacts.has(name)) {
      try {
        this.#compacts.set(name, compactOf(this.#proved, id));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#compacts.set(name, error);
      }
    }
    const found = this.#compacts.get(name);
    if (found instanceof Refusal) throw found;
    return found;
  }

  /** Whether a council is admitted by a motion, and not by sponsors (ACC-3). */
  asksMotion(compact) {
    return ruleFor(compact, "accession") !== null;
  }

  /** Whether the motion that an accession names is one to admit its council. */
  letsIn({ body, council, subject }) {
    const motion = body.has("motion") ? this.records.get(toHex(body.get("motion"))) : undefined;
    return (
      motion?.kind === "motion" &&
      motion.body.get("name") === "accession" &&
      motion.body.has("target") &&
      equal(motion.body.get("target"), council) &&
      equal(motion.subject, subject)
    );
  }

  /** The one freeze of a motion; Refusal, or `none` where it is given, if there is not one. */
  freezeOf(motion, none) {
    const freezes = this.about(motion.id, "freeze");
    if (freezes.length === 1) return freezes[0];
    if (none !== undefined) return none;
    if (freezes.length > 1) refuse("freeze-double");
    const isSubject = equal(motion.id, this.#proved.subject.id);
    return refuse(isSubject && this.ofKind("freeze").length > 0 ? "freeze-mismatch" : "bundle-missing");
  }

  /** Return if the file has what the motion rests on, and no other votes; Refusal otherwise. */
  checkWhole(subject) {
    const seen = new Set();
    for (const waiting = [subject.id]; waiting.length > 0; ) {
      const id = waiting.pop();
      if (seen.has(toHex(id))) continue;
      seen.add(toHex(id));
      waiting.push(...this.#checkMotion(id));
    }
    const named = new Set(this.ofKind("motion").flatMap(namesOf).map(toHex));
    for (const kind of VOTING) {
      for (const { id, subject: about } of this.ofKind(kind)) {
        const isAsked = seen.has(toHex(kind === "motion" ? id : about));
        if (!isAsked && !(kind === "motion" && named.has(toHex(id)))) refuse("freeze-mismatch");
      }
    }
  }

  /** One motion is there, with all that its freeze and votes name; gives what it rests on. */
  #checkMotion(id) {
    const motion = this.records.get(toHex(id));
    if (motion?.kind !== "motion") refuse("bundle-missing");
    const { compact } = this.compactOf(motion.subject);
    const freeze = this.freezeOf(motion);
    this.#checkJoined(motion, compact, freeze);
    this.#checkVotes(motion, freeze);
    const isSubject = equal(id, this.#proved.subject.id);
    if (!isSubject) this.#checkLocks(motion, freeze);
    this.#checkBeside(motion, freeze);
    if (["version", "units"].some((name) => motion.body.has(name))) refuse("bundle-missing");
    // A council that ratified a version moves under it (REV-3), which is not judged here.
    if (!isSubject && this.ofKind("ratify").length > 0) refuse("bundle-missing");
    return [...(freeze.body.get("decisions") ?? []), ...this.#readings(motion), ...this.#admitting(motion, compact, freeze)];
  }

  /** Every council of C is a founder, or its accession is there. */
  #checkJoined(motion, compact, freeze) {
    const founders = compact.get("founders").map(([council]) => toHex(council));
    const joined = this.about(motion.subject, "accession").map(({ council }) => toHex(council));
    const inside = new Set([...founders, ...joined]);
    if (!councilsOf(freeze).every((one) => inside.has(one))) refuse("bundle-missing");
  }

  /** The votes, of one list: every record that they and the freeze name is there. */
  #checkVotes(motion, freeze) {
    if (!councilsOf(freeze).every((one) => this.#proved.authorities.has(one))) refuse("bundle-missing");
    const votes = this.about(motion.id, "vote");
    if (votes.length === 0) refuse("bundle-missing");
    const lists = new Set(votes.map(({ body }) => body.get("counted").map(toHex).join()));
    if (lists.size > 1) refuse("vote-list");
    const positions = this.about(motion.id, "position");
    for (const one of [...votes, ...positions, ...this.about(motion.id, "lock")]) {
      if (!equal(one.body.get("freeze"), freeze.id)) refuse("freeze-mismatch");
    }
    const counted = votes[0].body.get("counted");
    const takeover = freeze.body.has("takeover") ? [freeze.body.get("takeover")] : [];
    const named = NAMED_ONE_BY_ONE.flatMap((name) => freeze.body.get(name) ?? []);
    for (const id of [...named, ...takeover, ...counted]) {
      if (!this.records.has(toHex(id))) refuse("bundle-missing");
    }
    const ours = new Set(counted.map(toHex));
    if (positions.some(({ id }) => !ours.has(toHex(id)))) refuse("vote-list");
  }

  /** A decision that another rests on is certified: of the file's own the judge says it. */
  #checkLocks(motion, freeze) {
    const voters = new Set(councilsOf(freeze));
    const locked = new Set(this.about(motion.id, "lock").map(({ council }) => toHex(council)));
    const ours = [...locked].filter((one) => voters.has(one));
    if (ours.length < quorumOfLocks(voters.size)) refuse("bundle-missing");
  }

  /** What a freeze rests on without naming it is there, and nothing rests on the order of a log. */
  #checkBeside(motion, freeze) {
    const { body } = freeze;
    const voters = councilsOf(freeze);
    const exits = (body.get("exits") ?? []).map((id) => this.records.get(toHex(id)));
    if (exits.some(({ council }) => voters.includes(toHex(council)))) refuse("bundle-missing");
    const isWithdrawn = this.about(motion.id, "withdraw").some(({ council }) =>
      equal(council, motion.council),
    );
    if (body.has("takeover") && !isWithdrawn) refuse("bundle-missing");
    const said = new Set(this.ofKind("roll").map(rollSaid));
    const rolls = (body.get("rolls") ?? []).slice(0, voters.length);
    const lacks = rolls.some((members, i) => !said.has(rollOf(body.get("councils")[i][0], members)));
    if (lacks) refuse("bundle-missing");
  }

  /** A first reading, and a parent that is there with a freeze of its own (MOT-12). */
  #readings({ body }) {
    const parent = body.get("parent");
    const isThere =
      parent !== undefined &&
      this.records.has(toHex(parent)) &&
      this.about(parent, "freeze").length > 0;
    return [...(body.has("first") ? [body.get("first")] : []), ...(isThere ? [parent] : [])];
  }

  /** The decisions that admitted councils of C, where the compact asks for one (ACC-3). */
  #admitting(motion, compact, freeze) {
    if (!this.asksMotion(compact)) return [];
    const voters = new Set(councilsOf(freeze));
    return this.about(motion.subject, "accession")
      .filter(({ body, council }) => voters.has(toHex(council)) && body.has("motion"))
      .map(({ body }) => body.get("motion"));
  }
}

/** The ids of the records that a motion names. */
const namesOf = ({ body }) => NAMING.flatMap((name) => body.get(name) ?? []);
