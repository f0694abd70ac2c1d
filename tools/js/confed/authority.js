// Who may speak for a council: its records in order, one at a time (specs/04, AUT; as far as the
// records that a `.confed` file may hold ask for it: charters, node records, and the rest).

import { compare, equal, toHex } from "./bytes.js";
import { checkPublicKey } from "./ed25519.js";
import { Refusal } from "./errors.js";
import { logId } from "./ids.js";
import { KINDS } from "./kinds.js";
import { maySign } from "./mandate.js";

const BY_NODE = new Set(["witness", "vote", "lock", "status", "carried", "fork-proof", "guest"]);
/** The rules number that these rules are (VER-1). */
const RULES_NUMBER = 1;
const BY_DELEGATE = new Set(["act", "report"]);

/** Whether at least the charter's threshold of keyholders is among the signers (AUT-3). */
export function meetsThreshold(charter, signers) {
  const keys = new Set(charter.get("keys").map(toHex));
  const signed = new Set(signers.map(toHex).filter((key) => keys.has(key)));
  return signed.size >= charter.get("threshold");
}

export class Authority {
  constructor(network) {
    this.network = network;
    this.charters = []; // {record, body}; version N stands at N - 1
    this.nodes = []; // {record, body, key, log}
    this.mandates = new Map();
    this.invited = new Set(); // invitations of which a guest was named
  }

  charterVersion(version) {
    return this.charters[version - 1]?.body ?? null;
  }

  get node() {
    return this.nodes.at(-1) ?? null;
  }

  /** null if the record counts, and then it takes effect; else the reason why it does not. */
  admit(record) {
    const fault = record.kind === "charter" ? this.#charter(record) : this.#other(record);
    if (fault !== null) return fault;
    const { body } = record;
    if (record.kind === "charter") this.charters.push({ record, body });
    if (record.kind === "node") {
      const log = logId(this.network, record.council, body.get("key"));
      this.nodes.push({ record, body, key: body.get("key"), log });
    }
    if (record.kind === "guest") this.invited.add(toHex(body.get("invite")));
    if (record.kind === "mandate") this.mandates.set(toHex(record.id), body);
    return null;
  }

  #charter(record) {
    const rival = this.charters.at(-1);
    const isRival =
      rival !== undefined &&
      record.charter === this.charters.length - 1 &&
      record.charter > 0 &&
      !equal(rival.record.id, record.id);
    if (record.charter !== this.charters.length && !isRival) return "charter-version";
    const before = record.charter > 0 ? this.charters[record.charter - 1] : null;
    const previous = record.body.get("previous");
    if (before === null) {
      if (previous !== undefined) return "charter-previous";
    } else {
      if (previous === undefined || !equal(previous, before.record.id)) return "charter-previous";
      if (!equal(record.council, before.record.council)) return "council-foreign";
      if (!meetsThreshold(before.body, record.signers)) return "threshold-missing";
    }
    if ((record.body.get("rules") ?? RULES_NUMBER) !== RULES_NUMBER) return "rule-unknown";
    const keys = record.body.get("keys");
    if (keys.some((key, i) => i > 0 && compare(keys[i - 1], key) >= 0)) return "signer-order";
    const fault = thresholdFault(record.body.get("threshold"), keys.length) ?? keyFault(keys);
    if (fault !== null) return fault;
    if (!meetsThreshold(record.body, record.signers)) return "threshold-missing";
    return isRival ? "charter-fork" : null;
  }

  #other(record) {
    const step = this.charters.at(-1);
    if (step === undefined) return "council-unknown";
    if (!KINDS.has(record.kind)) return "kind-unknown";
    if (record.charter !== this.charters.length) return "charter-version";
    if (BY_NODE.has(record.kind)) {
      const { node } = this;
      if (node === null || record.signers.length !== 1 || !equal(record.signers[0], node.key)) {
        return "node-key";
      }
      if (record.time > node.body.get("expires")) return "node-expired";
      const used = record.kind === "guest" && this.invited.has(toHex(record.body.get("invite")));
      return used ? "invitation-used" : null;
    }
    if (BY_DELEGATE.has(record.kind)) {
      const mandate = this.mandates.get(toHex(record.subject));
      if (mandate === undefined) return "mandate-unknown";
      if (!maySign(mandate, record.signers)) return "mandate-delegate";
      return this.node === null ? "node-key" : null;
    }
    if (!meetsThreshold(step.body, record.signers)) return "threshold-missing";
    return record.kind === "node" ? this.#node(record.body) : null;
  }

  #node(body) {
    const now = this.node;
    if (body.get("number") !== this.nodes.length + 1) return "node-number";
    const fault = keyFault([body.get("key")]);
    if (fault !== null) return fault;
    const [previous, last] = [body.get("previous"), body.get("last")];
    if (now === null) {
      return previous === undefined && last === undefined ? null : "node-previous";
    }
    if (previous === undefined || !equal(previous, now.record.id)) return "node-previous";
    if (last === undefined || !equal(last[0], now.log)) return "node-last";
    if (equal(body.get("key"), now.key)) return null;
    const retired = this.nodes.some((old) => equal(old.key, body.get("key")));
    return retired ? "node-key" : null;
  }
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
