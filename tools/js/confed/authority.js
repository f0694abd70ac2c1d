// Who may speak for a council: its records in order, one at a time (specs/04, AUT).

import { compare, equal, toHex } from "./bytes.js";
import { checkPublicKey } from "./ed25519.js";
import { Refusal } from "./errors.js";
import { logId } from "./ids.js";
import { KINDS } from "./kinds.js";
import { step } from "./life.js";
import { SUSPENSION_S } from "./limits.js";
import { maySign } from "./mandate.js";

/** Kinds that a node key signs alone. */
export const BY_NODE = new Set([
  "witness",
  "vote",
  "lock",
  "status",
  "carried",
  "fork-proof",
  "guest",
  "override",
]);
/** The rules number that these rules are (VER-1). */
const RULES_NUMBER = 1;
const BY_DELEGATE = new Set(["act", "report"]);
/** Kinds of the council itself, or of a delegate whose mandate names the kind (ADA-1). */
const ADMINISTRATION = new Set(["task", "finding", "calendar", "payment-order"]);
/** States that the clock adds, and that no record leaves behind (LIF-2). */
const CLOCKS = new Set(["suspended", "expired"]);

/** Whether at least the charter's threshold of keyholders is among the signers (AUT-3). */
export function meetsThreshold(charter, signers) {
  const keys = new Set(charter.get("keys").map(toHex));
  const signed = new Set(signers.map(toHex).filter((key) => keys.has(key)));
  return signed.size >= charter.get("threshold");
}

const fails = (fault) => ({ fault });
const is = (event) => ({ event });

export class Authority {
  /** `founders` are keys that signed other records of the council, and so its id (BUN-4). */
  constructor(network, founders = []) {
    this.network = network;
    this.founders = founders;
    this.charters = []; // {record, body}; version N stands at N - 1
    this.nodes = []; // {record, body, key, log}
    this.mandates = new Map();
    this.invited = new Set(); // invitations of which a guest was named
    this.state = "unknown";
    this.rival = null; // the other charter of the newest number, {record, body} (CHA-6)
    this.stopped = new Map(); // suspended key -> until when
    this.used = new Set(); // who has suspended under which charter
  }

  /** The same at this place of the chain, to be continued on its own. */
  copy() {
    const out = Object.assign(new Authority(this.network, this.founders), this);
    out.charters = [...this.charters];
    out.nodes = [...this.nodes];
    for (const name of ["mandates", "stopped"]) out[name] = new Map(this[name]);
    for (const name of ["invited", "used"]) out[name] = new Set(this[name]);
    return out;
  }

  charterVersion(version) {
    return this.charters[version - 1]?.body ?? null;
  }

  get node() {
    return this.nodes.at(-1) ?? null;
  }

  /** The state with what the clock adds. */
  stateAt(time) {
    if (this.state !== "active" || this.node === null) return this.state;
    if (time > this.node.body.get("expires")) return "expired";
    return time < this.#stoppedUntil(this.node.key) ? "suspended" : "active";
  }

  /** null if the record counts, and then it takes effect; else the reason why it does not. */
  admit(record) {
    const { fault, event, state } = this.#next(record);
    if (fault !== undefined) return fault;
    this.#take(record, event);
    if (!CLOCKS.has(state)) {
      this.state = state === "active" && this.nodes.length === 0 ? "chartered" : state;
    }
    return event === "rival charter" ? "charter-fork" : null;
  }

  /** The same without effect. */
  judge(record) {
    const { fault, event } = this.#next(record);
    return fault ?? (event === "rival charter" ? "charter-fork" : null);
  }

  /** Another charter of the newest number turned up outside of the log (CHA-7). */
  meetRival(record) {
    if (this.#event(record).event === "rival charter") this.admit(record);
  }

  /** A node record that opens the next log takes effect; the chain has judged it. */
  enter(event, record) {
    this.#take(record, event);
    this.state = this.rival === null ? (step(this.state, event).state ?? "active") : "charter-fork";
  }

  /** Whether a node record, with this place's threshold, keeps one of two rivals (NOD-7). */
  repairs(record, kept) {
    return (
      record.body.get("number") === this.nodes.length + 2 &&
      record.body.has("previous") &&
      equal(record.body.get("previous"), kept) &&
      this.nodes.every((old) => !equal(old.key, record.body.get("key"))) &&
      record.charter === this.charters.length &&
      this.meets(this.charters.at(-1).body, record)
    );
  }

  #next(record) {
    const { fault, event } = this.#event(record);
    if (fault !== undefined) return { fault };
    return { event, ...step(this.stateAt(record.time), event) };
  }

  #take(record, event) {
    const { body } = record;
    if (event === "rival charter") this.rival = { record, body };
    else if (record.kind === "charter") {
      this.charters.push({ record, body });
      this.rival = null;
    } else if (record.kind === "node") {
      const log = logId(this.network, record.council, body.get("key"));
      this.nodes.push({ record, body, key: body.get("key"), log });
    } else if (record.kind === "guest") this.invited.add(toHex(body.get("invite")));
    else if (record.kind === "mandate") this.mandates.set(toHex(record.id), body);
    else if (record.kind === "suspension") this.#suspend(record);
  }

  #suspend(record) {
    const target = toHex(record.body.get("key"));
    if (record.body.get("lift") === true) {
      this.stopped.delete(target);
      return;
    }
    const until = Math.max(record.time + SUSPENSION_S, this.stopped.get(target) ?? 0);
    this.stopped.set(target, until);
    this.used.add(`${toHex(record.signers[0])} ${record.charter}`);
  }

  #stoppedUntil(key) {
    return this.stopped.get(toHex(key)) ?? 0;
  }

  /** Whether the threshold of a charter signed, who is suspended left out (AUT-3, SUS-4). */
  meets(charter, record) {
    const able = record.signers.filter((key) => record.time >= this.#stoppedUntil(key));
    return meetsThreshold(charter, able);
  }

  /** {event}: what the record would be here; {fault}: why it is nothing. */
  #event(record) {
    if (record.kind === "charter") return this.#charter(record);
    const now = this.charters.at(-1);
    if (now === undefined) return fails("council-unknown");
    if (!equal(record.council, this.charters[0].record.council)) return fails("council-foreign");
    if (!KINDS.has(record.kind)) return fails("kind-unknown");
    if (record.charter !== this.charters.length) return fails("charter-version");
    if (BY_NODE.has(record.kind)) return this.#byNode(record);
    if (BY_DELEGATE.has(record.kind)) return this.#byDelegate(record, record.subject, "delegate");
    if (record.kind === "suspension") return this.#suspension(record, now.body);
    const named = ADMINISTRATION.has(record.kind) ? record.body.get("mandate") : undefined;
    if (named !== undefined) return this.#byDelegate(record, named, "keyholders");
    if (!this.meets(now.body, record)) return fails("threshold-missing");
    return record.kind === "node" ? this.#node(record.body) : is("keyholders");
  }

  #byNode(record) {
    const { node } = this;
    if (node === null || record.signers.length !== 1 || !equal(record.signers[0], node.key)) {
      return fails("node-key");
    }
    const used = record.kind === "guest" && this.invited.has(toHex(record.body.get("invite")));
    return used ? fails("invitation-used") : is("node");
  }

  #byDelegate(record, named, event) {
    const mandate = this.mandates.get(toHex(named));
    if (mandate === undefined) return fails("mandate-unknown");
    if (!maySign(mandate, record.signers)) return fails("mandate-delegate");
    const scoped = event === "delegate" || mandate.get("kinds").includes(record.kind);
    return scoped ? is(event) : fails("mandate-scope");
  }

  #suspension(record, charter) {
    const [target, lift] = [record.body.get("key"), record.body.get("lift") === true];
    const [who, ...others] = record.signers;
    const isKeyholder = (key) => charter.get("keys").some((one) => equal(one, key));
    if (lift) {
      if (!this.meets(charter, record)) return fails("threshold-missing");
    } else if (others.length > 0 || !isKeyholder(who) || record.time < this.#stoppedUntil(who)) {
      return fails("suspension-signer");
    }
    const ofNode = this.node !== null && equal(target, this.node.key);
    if (!ofNode && !isKeyholder(target)) return fails("suspension-target");
    if (lift) return is(ofNode ? "lift" : "keyholders");
    if (equal(target, who)) return fails("suspension-target");
    if (this.used.has(`${toHex(who)} ${record.charter}`)) return fails("suspension-again");
    return is(ofNode ? "suspension" : "keyholders");
  }

  #charter(record) {
    const newest = this.charters.at(-1);
    const isRival =
      newest !== undefined &&
      record.charter === this.charters.length - 1 &&
      record.charter > 0 &&
      !equal(newest.record.id, record.id);
    if (record.charter !== this.charters.length && !isRival) return fails("charter-version");
    const before = record.charter > 0 ? this.charters[record.charter - 1] : null;
    const previous = record.body.get("previous");
    if (before === null) {
      if (previous !== undefined) return fails("charter-previous");
    } else {
      // A repair names one of two rivals, and bears their common predecessor's threshold.
      const mends = this.rival !== null && before === newest;
      const named = mends ? [before, this.rival] : [before];
      const voters = mends ? this.charters.at(-2) : before;
      if (!named.some((one) => previous !== undefined && equal(previous, one.record.id))) {
        return fails("charter-previous");
      }
      if (!equal(record.council, this.charters[0].record.council)) return fails("council-foreign");
      if (!this.meets(voters.body, record)) return fails("threshold-missing");
    }
    const fault = charterFault(record.body);
    if (fault !== null) return fails(fault);
    if (before === null && meetsThreshold(record.body, [...record.signers, ...this.founders])) {
      return is("first charter");
    }
    if (before === null || !this.meets(record.body, record)) return fails("threshold-missing");
    if (isRival) return is("rival charter");
    return is(this.rival === null ? "next charter" : "charter repair");
  }

  #node(body) {
    const now = this.node;
    if (body.get("number") !== this.nodes.length + 1) return fails("node-number");
    const fault = keyFault([body.get("key")]);
    if (fault !== null) return fails(fault);
    const [previous, last] = [body.get("previous"), body.get("last")];
    if (now === null) {
      const first = previous === undefined && last === undefined;
      return first ? is("first node") : fails("node-previous");
    }
    if (previous === undefined || !equal(previous, now.record.id)) return fails("node-previous");
    if (last === undefined || !equal(last[0], now.log)) return fails("node-last");
    if (equal(body.get("key"), now.key)) return is("renewal");
    const retired = this.nodes.some((old) => equal(old.key, body.get("key")));
    return retired ? fails("node-key") : is("replacement");
  }
}

function charterFault(body) {
  if ((body.get("rules") ?? RULES_NUMBER) !== RULES_NUMBER) return "rule-unknown";
  const keys = body.get("keys");
  if (keys.some((key, i) => i > 0 && compare(keys[i - 1], key) >= 0)) return "signer-order";
  return thresholdFault(body.get("threshold"), keys.length) ?? keyFault(keys);
}

/** m > n/2, m < n but for n = 1, and so never n = 2 (CHA-2). */
function thresholdFault(threshold, keys) {
  if (keys === 2) return "threshold-two";
  if (threshold < 1 || threshold > keys || 2 * threshold <= keys) return "threshold-range";
  return keys > 1 && threshold === keys ? "threshold-range" : null;
}

function keyFault(keys) {
  try {
    for (const key of keys) checkPublicKey(key);
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
  return null;
}
