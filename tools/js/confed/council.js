// A council from all logs that are at hand: its own, and others' that speak of it (specs/04).

import { equal, toHex } from "./bytes.js";
import { decode } from "./codec.js";
import { Chain } from "./chain.js";
import { Refusal, refuse } from "./errors.js";
import { openHead } from "./head.js";
import { logId } from "./ids.js";
import { leafHash, rootOf, verifyConsistency } from "./merkle.js";
import { open } from "./record.js";

/** What a council may say through another council's node (CAR-1). */
const CARRIED = new Set(["charter", "node", "recall", "suspension", "act"]);
/** Faults of whoever carries a part, not of the record (PRT-7): the request is refused. */
const CARRIERS = new Set(["part-missing", "part-mismatch", "part-unexpected"]);

/** `value` of a promise, or its Refusal's reason as `fault`. */
async function tried(promise) {
  try {
    return { value: await promise };
  } catch (error) {
    if (error instanceof Refusal) return { fault: error.reason };
    throw error;
  }
}

/**
 * {chain, carried, logs}: the council's chain (undefined: no log of it), what others carry of it,
 * every log with the faults of its leaves.
 * `rows`: {council, key, leaves: [[envelope, part or null]]}, bytes, in any order.
 */
export async function councilOf(network, council, rows) {
  const logs = new Map();
  for (const row of rows) {
    const id = toHex(logId(network, row.council, row.key));
    const log = logs.get(id) ?? newLog(id, row);
    for (const [envelope, part] of row.leaves) {
      const { value, fault } = await tried(open(network, envelope, part));
      if (CARRIERS.has(fault)) refuse(fault);
      if (fault !== undefined && part !== null) {
        const { fault: alone } = await tried(open(network, envelope));
        if (alone !== "part-missing") refuse("part-unexpected"); // no record: nothing has a part
      }
      log.leaves.push(fault === undefined ? { record: value } : { fault });
      log.hashes.push(leafHash(envelope));
    }
    logs.set(id, log);
  }
  const said = await whatIsSaid(network, logs);
  const chains = new Map();
  for (const log of logs.values()) {
    const id = toHex(log.council);
    if (!chains.has(id)) chains.set(id, await chainOf(network, log.council, logs, said));
    log.faults = chains.get(id).faults.get(log.id);
  }
  const carried = said.carried.filter(({ record }) => equal(record.council, council));
  return {
    chain: chains.get(toHex(council)),
    carried,
    logs: rows.map((row) => logs.get(toHex(logId(network, row.council, row.key)))),
  };
}

function newLog(id, { council, key }) {
  const log = { id, council, key, leaves: [], hashes: [] };
  log.rootAt = (size) => rootOf(log.hashes.slice(0, size));
  log.has = (size, root) =>
    size > 0 && size <= log.leaves.length && equal(log.rootAt(size), root);
  return log;
}

/** What leaves of any log say of others: proofs of forks, carried records, heads received. */
async function whatIsSaid(network, logs) {
  const out = { bad: new Map(), forked: new Map(), carried: [], received: [] };
  for (const log of logs.values()) {
    for (const [index, { record }] of log.leaves.entries()) {
      if (record === undefined) continue;
      const ofNode = record.signers.length === 1 && equal(record.signers[0], log.key);
      let fault = null;
      if (record.kind === "link") fault = linkFault(record);
      if (record.kind === "fork-proof") fault = await takeProof(network, record.body, out.forked);
      if (record.kind === "carried") {
        fault = await takeCarried(network, log, index, record, ofNode, out.carried);
      }
      if (record.kind === "witness" && ofNode && equal(record.council, log.council)) {
        for (const [named, size, root] of decode(record.part)) {
          out.received.push({ by: log.council, log: toHex(named), size, root });
        }
      }
      if (fault !== null) out.bad.set(toHex(record.id), fault);
    }
  }
  return out;
}

/** Why a link record is neither an invitation nor the answer to one (LNK-2). */
function linkFault({ council, signers, body }) {
  const [peer, invite] = [body.get("peer"), body.get("invite")];
  if (peer === undefined) return invite && body.has("expires") ? null : "body-form";
  if (equal(peer, council)) return "invitation-self";
  return invite && signers.some((key) => equal(key, invite)) ? null : "invitation-unknown";
}

/** FRK-1, FRK-2. */
async function takeProof(network, body, forked) {
  const key = body.get("key");
  const log = logId(network, body.get("council"), key);
  const { value, fault } = await tried(provenSize(network, key, log, body));
  if (fault !== undefined) return fault;
  const id = toHex(log);
  forked.set(id, Math.min(value, forked.get(id) ?? value));
  return null;
}

async function provenSize(network, key, log, body) {
  const first = await openHead(network, key, body.get("first"));
  const second = await openHead(network, key, body.get("second"));
  if (!equal(first.log, log) || !equal(second.log, log)) refuse("log-id");
  const [root, path] = [body.get("root"), body.get("path")];
  if (first.size === second.size) {
    if (root !== undefined || path !== undefined) refuse("fork-proof");
    if (equal(first.root, second.root)) refuse("fork-proof");
    return first.size;
  }
  if (root === undefined || equal(root, first.root)) refuse("fork-proof");
  verifyConsistency(first.size, root, second.size, second.root, path ?? []);
  return first.size;
}

/** CAR-1. */
async function takeCarried(network, log, index, record, ofNode, carried) {
  if (!ofNode) return "node-key";
  const { value, fault } = await tried(open(network, record.body.get("envelope")));
  if (fault !== undefined) return fault;
  if (!CARRIED.has(value.kind) || equal(value.council, record.council)) return "carried-kind";
  const head = record.body.get("head");
  const again = (one) =>
    one.log === log.id && equal(one.record.id, value.id) && equal(one.head, head);
  if (!carried.some(again)) {
    carried.push({ carrier: record.id, record: value, head, log: log.id, index });
  }
  return null;
}

async function chainOf(network, council, logs, { bad, forked, carried, received }) {
  const own = new Map([...logs].filter(([, log]) => equal(log.council, council)));
  const carriages = [];
  for (const { carrier, record, head } of carried) {
    if (!equal(record.council, council)) continue;
    for (const log of own.values()) {
      const { value } = await tried(openHead(network, log.key, head));
      if (value === undefined || toHex(value.log) !== log.id) continue;
      carriages.push({ carrier, record, ...value, log: log.id });
      break;
    }
  }
  return new Chain(network, {
    logs: own,
    bad,
    carriages,
    forked: new Map([...forked].filter(([log]) => own.has(log))),
    /** The largest size of a log that another council has witnessed (NOD-6). */
    received: (log) =>
      received
        .filter((one) => one.log === log && !equal(one.by, council))
        .filter(({ size, root }) => own.get(log)?.has(size, root))
        .reduce((most, { size }) => Math.max(most, size), 0),
  });
}
