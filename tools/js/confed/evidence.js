// What one `.confed` file proves: every record opened, admitted, placed (specs/12, BUN-7 to -11).

import { Authority, BY_NODE } from "./authority.js";
import { openAll, rootsOf } from "./bundle.js";
import { compare, equal, toHex } from "./bytes.js";
import { encode } from "./codec.js";
import { verify as verifyEd25519 } from "./ed25519.js";
import { refuse } from "./errors.js";
import { openHead } from "./head.js";
import { recordId, signingBytes } from "./ids.js";
import { inclusionRoot, leafHash } from "./merkle.js";

const CHAIN = ["charter", "node"];
const TENURE = ["mandate", "recall", "report", "ratify", "petition"];
const MEMBERSHIP = ["compact", "accession", "link", "guest"];
const KINDS = {
  mandate: new Set([...CHAIN, ...TENURE]),
  act: new Set([...CHAIN, ...TENURE, ...MEMBERSHIP, "act", "position", "amend"]),
  certificate: new Set([
    ...CHAIN,
    ...MEMBERSHIP,
    ...["motion", "second", "freeze", "position", "vote", "lock"],
    ...["exit", "withdraw", "takeover", "amend", "affected-claim", "roll", "ratify"],
  ]),
};
const SUBJECTS = { mandate: "mandate", act: "act", certificate: "motion" };

/**
 * {bundle, subject, records, authorities, links, places, head, receipts, beside}: maps have hex
 * keys, `places` lead from a record to tree size to index, `beside` are the files that it carries.
 * Refusal: the first thing that fails.
 */
export async function prove(bundle) {
  const records = new Map((await openAll(bundle)).map((one) => [toHex(one.id), one]));
  const subject = records.get(toHex(bundle.subject));
  if (subject === undefined) refuse("bundle-missing");
  checkKinds(bundle, subject, records);
  const indexes = indexesOf(bundle, records, subject);
  const { authorities, links } = fold(bundle.network, records, indexes);
  const { node } = authorities.get(toHex(subject.council));
  const places = new Map();
  let head = null;
  const receipts = [];
  if (bundle.proofs.length > 0 || bundle.head !== null || bundle.receipts.length > 0) {
    if (node === null) refuse("bundle-missing");
    const roots = rootsOf(bundle);
    for (const { entry, index, size } of bundle.proofs) {
      const id = toHex(entry.id);
      if (!places.has(id)) places.set(id, new Map());
      places.get(id).set(size, index);
    }
    checkSizes(bundle, roots);
    head = await headOf(bundle, node, roots);
    for (const receipt of bundle.receipts) {
      receipts.push(await receiptOf(bundle.network, receipt, authorities, records, node, roots));
    }
  }
  if (bundle.files.some(({ network }) => !equal(network, bundle.network))) refuse("network-mismatch");
  const beside = [];
  for (const one of bundle.files) beside.push(await prove(one));
  return { bundle, subject, records, authorities, links, places, head, receipts, beside };
}

function checkKinds(bundle, subject, records) {
  const wanted = SUBJECTS[bundle.kind];
  if (wanted === undefined) {
    if (["mandate", "act"].includes(subject.kind)) refuse("bundle-subject");
  } else if (subject.kind !== wanted) refuse("bundle-subject");
  const allowed = KINDS[bundle.kind] ?? new Set([...CHAIN, subject.kind]);
  for (const { kind } of records.values()) {
    if (!allowed.has(kind)) refuse("bundle-subject");
  }
}

/** Where the proofs put records; all of them are of the subject's own log (BUN-9). */
function indexesOf(bundle, records, subject) {
  const out = new Map();
  for (const { entry, index } of bundle.proofs) {
    const id = toHex(entry.id);
    if (!equal(records.get(id).council, subject.council)) refuse("council-foreign");
    if (out.has(id) && out.get(id) !== index) refuse("log-index");
    out.set(id, index);
  }
  return out;
}

/** Every record, admitted by its own council, in the order of BUN-7. */
function fold(network, records, indexes) {
  const authorities = new Map();
  for (const { council, signers } of records.values()) {
    const id = toHex(council);
    if (!authorities.has(id)) authorities.set(id, new Authority(network));
    authorities.get(id).founders.push(...signers);
  }
  const links = new Links();
  const last = new Map();
  const servers = serversOf(records);
  const order = (id, record) => logOrder(id, record, indexes, servers);
  const rows = [...records].map(([id, record]) => [order(id, record), id, record]);
  const apart = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
  rows.sort(([a], [b]) => apart(a, b) || compare(a[4], b[4]));
  for (const [, id, record] of rows) {
    const council = toHex(record.council);
    let fault = authorities.get(council).admit(record);
    if (fault === null && record.kind === "link") fault = links.add(record);
    if (fault === null && record.kind === "guest") links.welcome(record);
    if (fault === "council-unknown") refuse("bundle-missing");
    if (fault !== null) refuse(fault);
    const index = indexes.get(id);
    if (index === undefined) continue;
    if (index <= (last.get(council) ?? -1)) refuse("log-index");
    last.set(council, index);
  }
  return { authorities, links };
}

/** Council and node key -> [charter version, number] of each node record of the key. */
function serversOf(records) {
  const out = new Map();
  for (const { kind, council, charter, body } of records.values()) {
    if (kind !== "node") continue;
    const server = toHex(council) + toHex(body.get("key"));
    out.set(server, [...(out.get(server) ?? []), [charter, body.get("number")]]);
  }
  return out;
}

function logOrder(id, record, indexes, servers) {
  const { kind, charter } = record;
  if (kind === "charter") return [charter + 1, 0, 0, 0, record.id];
  if (kind === "node") return [charter, 1, record.body.get("number"), 0, record.id];
  const index = indexes.get(id);
  if (index !== undefined) return [charter, 2, index, 1, record.id];
  if (BY_NODE.has(kind)) {
    const mine = servers.get(toHex(record.council) + toHex(record.signers[0])) ?? [];
    const [since, number] = mine
      .filter(([version]) => version <= charter)
      .reduce((a, b) => (a[0] - b[0] || a[1] - b[1]) > 0 ? a : b, [0, 0]);
    return [charter, 1, since === charter ? number : 0, 1, record.id];
  }
  return kind === "mandate" ? [charter, 2, 0, 0, record.id] : [charter, 3, 0, 0, record.id];
}

/** Invitations, the answers to them, and whom the host took for its guest (specs/09, LNK-2). */
class Links {
  #invites = new Set();
  #guests = new Map();
  #answers = new Map();

  add(record) {
    const [peer, invite] = [record.body.get("peer"), record.body.get("invite")];
    const council = toHex(record.council);
    if (peer === undefined) {
      if (invite === undefined || !record.body.has("expires")) return "body-form";
      this.#invites.add(council + toHex(invite));
      return null;
    }
    if (equal(peer, record.council)) return "invitation-self";
    if (invite === undefined || !record.signers.some((key) => equal(key, invite))) {
      return "invitation-unknown";
    }
    const pair = council + toHex(peer);
    this.#answers.set(pair, [...(this.#answers.get(pair) ?? []), toHex(invite)]);
    return null;
  }

  welcome(record) {
    const named = toHex(record.council) + toHex(record.body.get("invite"));
    this.#guests.set(named, toHex(record.body.get("peer")));
  }

  linked(one, other) {
    return [
      [one, other],
      [other, one],
    ].some(([host, guest]) =>
      (this.#answers.get(guest + host) ?? []).some(
        (invite) => this.#invites.has(host + invite) && this.#guests.get(host + invite) === guest,
      ),
    );
  }
}

/** Every tree is signed by somebody, and every signature over a tree has a path (BUN-9). */
function checkSizes(bundle, roots) {
  const signed = new Set(bundle.receipts.map(({ size }) => size));
  if (bundle.head !== null) signed.add(bundle.head[0]);
  const proved = Object.keys(roots).map(Number);
  if (signed.size !== proved.length || !proved.every((size) => signed.has(size))) {
    refuse("bundle-missing");
  }
}

async function headOf(bundle, node, roots) {
  if (bundle.head === null) return null;
  const [size, seconds, signature] = bundle.head;
  const fields = { log: node.log, root: roots[size], size, time: seconds };
  const envelope = encode([encode(new Map(Object.entries(fields))), signature]);
  return openHead(bundle.network, node.key, envelope);
}

async function receiptOf(network, receipt, authorities, records, subjectNode, roots) {
  const { council } = records.get(toHex(receipt.node.id));
  const authority = authorities.get(toHex(council));
  const step = authority.nodes.find((one) => equal(one.record.id, receipt.node.id));
  if (step === undefined) refuse("bundle-missing");
  if (authority.charterVersion(receipt.charter) === null) refuse("bundle-missing");
  const row = leafHash(encode([subjectNode.log, receipt.size, roots[receipt.size]]));
  const root = inclusionRoot(row, receipt.position, receipt.count, receipt.path);
  const fields = {
    body: new Map(Object.entries({ count: receipt.count, root })),
    charter: receipt.charter,
    council,
    kind: "witness",
    time: receipt.time,
  };
  const payload = encode(new Map(Object.entries(fields)));
  await verifyEd25519(step.key, signingBytes(recordId(network, payload)), receipt.signature);
  return { witness: toHex(council), time: receipt.time, size: receipt.size };
}

/** The receipts of a record by other councils than its author. */
export function receivedIn(proved, id) {
  const places = proved.places.get(id);
  if (places === undefined) return [];
  const author = toHex(proved.records.get(id).council);
  return proved.receipts.filter(({ size, witness }) => places.has(size) && witness !== author);
}

/** Whether the record is shown to be in its council's log, under the file's head. */
export const isInLog = (proved, id) =>
  proved.head !== null && (proved.places.get(id)?.has(proved.head.size) ?? false);
