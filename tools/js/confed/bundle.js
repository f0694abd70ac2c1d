// The container of a `.confed` file (specs/12, BUN-1 to BUN-6), its records and its paths.
//
// What the file proves of a mandate or a decision is not judged here yet.

import { compare, equal, toHex, utf8 } from "./bytes.js";
import { decode, encode } from "./codec.js";
import { Refusal, refuse } from "./errors.js";
import { recordId } from "./ids.js";
import { time } from "./kinds.js";
import * as limits from "./limits.js";
import { inclusionRoot, leafHash } from "./merkle.js";
import { openParsed, parsePayload, splitEnvelope } from "./record.js";
import { bin, int, list, map, oneOf, row } from "./schema.js";

const MAGIC = Uint8Array.of(0x93, 0xa6, ...utf8("confed"));
const VERSION = 1;

// --- the form of the file ----------------------------------------------------------------------

const anyOf = (...forms) => (value) => forms.some((form) => form(value));

const number = int(0, 1000000);
const size = int(1, limits.LOG_MAX_SIZE);
const path = list(int(0, limits.INT_MAX), 0, limits.PROOF_MAX_HASHES);
const PAGES_MAX = limits.BUNDLE_SIGNATURES_MAX / limits.ARRAY_MAX; // as many records (BUN-2)
const signature = row(
  anyOf(int(0, limits.INT_MAX), bin(32)),
  int(0, 255),
  bin(64, limits.RECORD_MAX_BYTES),
);
const payload = bin(0, limits.RECORD_MAX_BYTES);
const signatures = list(signature, 0, limits.SIGNATURES_MAX);
const entry = anyOf(
  row(payload, signatures),
  row(payload, signatures, bin(0, limits.ROWS_MAX_BYTES)),
  row(payload, signatures, number),
);
const proof = row(number, int(0, limits.LOG_MAX_SIZE - 1), size, path);
const receipt = row(
  number,
  int(1, 1000000),
  time,
  int(1, limits.WITNESS_HEADS_MAX),
  int(0, limits.WITNESS_HEADS_MAX - 1),
  size,
  path,
  bin(64),
);
const file = map(
  {
    kind: oneOf("mandate", "act", "certificate", "record"),
    network: bin(32),
    subject: bin(32),
    records: list(list(entry, 0, limits.ARRAY_MAX), 1, PAGES_MAX),
  },
  {
    files: list(bin(0, limits.BUNDLE_MAX_BYTES), 1, limits.BUNDLE_FILES_MAX),
    hashes: bin(0, limits.BUNDLE_MAX_BYTES),
    head: row(size, time, bin(64)),
    proofs: list(proof, 0, limits.ARRAY_MAX),
    receipts: list(receipt, 0, limits.ARRAY_MAX),
  },
);

/** Kinds of files that may carry others (BUN-20). */
const CARRIERS = ["mandate", "act"];

const must = (holds) => {
  if (!holds) refuse("bundle-form");
};

// --- reading -----------------------------------------------------------------------------------

/**
 * {kind, network, subject, entries, proofs, head, receipts, files} of a file. Entries are {id,
 * envelope, part, ...}, with what was read of each record on the way, so that nothing is read twice.
 * Proofs are {entry, index, size, path}; receipts and head stand as in the file, their paths and
 * signers written out. Refusal bundle-..., enc-..., or what is wrong with an envelope.
 */
export const decodeContainer = (data) => read(data, true);

function read(data, mayCarry) {
  checkStart(data);
  const content = decode(data, limits.BUNDLE_MAX_BYTES)[2];
  must(file(content));
  const pages = content.get("records");
  const count = pages.flat().reduce((sum, [, signatures]) => sum + signatures.length, 0);
  must(count <= limits.BUNDLE_SIGNATURES_MAX);
  must(!content.has("files") || (mayCarry && CARRIERS.includes(content.get("kind"))));
  const network = content.get("network");
  const entries = readEntries(network, pages.flat());
  must(pages.every((page, i) => i === pages.length - 1 || page.length === limits.ARRAY_MAX));
  must(pages.at(-1).length > 0);
  const { proofs, receipts } = readPaths(content, entries);
  const carried = content.get("files") ?? [];
  must(carried.every((one, i) => i === 0 || compare(carried[i - 1], one) < 0));
  const files = carried.map((one) => read(one, false));
  must(files.reduce((sum, one) => sum + one.count, count) <= limits.BUNDLE_SIGNATURES_MAX);
  return {
    count,
    files,
    kind: content.get("kind"),
    network,
    subject: content.get("subject"),
    entries,
    head: content.get("head") ?? null,
    proofs,
    receipts,
  };
}

function checkStart(data) {
  if (data.length > limits.BUNDLE_MAX_BYTES) refuse("enc-size");
  if (data.length === 0) refuse("enc-empty");
  const start = data.subarray(0, MAGIC.length);
  if (!equal(start, MAGIC.subarray(0, start.length))) refuse("bundle-magic");
  if (start.length < MAGIC.length) refuse("enc-truncated");
  if (data.length > MAGIC.length && data[MAGIC.length] !== VERSION) refuse("bundle-version");
}

/** Each record in full; a signer is a number if and only if a record so far has named the key. */
function readEntries(network, rows) {
  const keys = []; // the keys that records have named so far, in order (BUN-4)
  const numbers = new Map(); // hex of a key -> its number
  const parts = partsOf(rows);
  const entries = rows.map(([content, signed], at) => {
    const part = parts[at];
    const parsed = parsePayload(content);
    must(signed.length > 0 || !parsed.fields.has("council")); // a first charter may be bare (BUN-4)
    for (const key of keysNamed(parsed.fields)) {
      if (!numbers.has(toHex(key))) {
        numbers.set(toHex(key), keys.length);
        keys.push(key);
      }
    }
    const full = signed.map(([signer, form, bytes]) => {
      must(typeof signer === "number" ? signer < keys.length : !numbers.has(toHex(signer)));
      return [typeof signer === "number" ? keys[signer] : signer, form, bytes];
    });
    must(full.every((one, i) => i === 0 || compare(full[i - 1][0], one[0]) <= 0));
    const id = recordId(network, content);
    return { ...parsed, id, envelope: envelopeOf(content, full), part, rank: rankOf(id, parsed.fields) };
  });
  const split = entries.map(({ envelope }) => splitEnvelope(envelope, { bare: true }));
  must(new Set(entries.map(({ id }) => toHex(id))).size === entries.length);
  must(entries.every((one, i) => i === 0 || compareRanks(entries[i - 1].rank, one.rank) <= 0));
  return entries.map((one, i) => ({ ...one, ...split[i] }));
}

/** Each record's part; one that an earlier record has stands as that record's number (BUN-6). */
function partsOf(rows) {
  const seen = new Set();
  return rows.map(([, , part = null], at) => {
    if (part === null) return null;
    if (typeof part !== "number") {
      must(!seen.has(toHex(part)));
      seen.add(toHex(part));
      return part;
    }
    must(part < at && rows[part][2] instanceof Uint8Array);
    return rows[part][2];
  });
}

function envelopeOf(content, full) {
  try {
    return encode([content, full]);
  } catch (error) {
    if (error instanceof Refusal) refuse("bundle-form", error.reason);
    throw error;
  }
}

function keysNamed(fields) {
  const body = fields.get("body");
  switch (fields.get("kind")) {
    case "charter":
      return body.get("keys");
    case "node":
      return [body.get("key")];
    case "mandate":
      return [body.get("delegate")];
    default:
      return [];
  }
}

/** Charters by council and version, node records by council and number, the rest by id. */
function rankOf(id, fields) {
  const council = fields.get("council") ?? id;
  if (fields.get("kind") === "charter") return [0, council, fields.get("charter")];
  if (fields.get("kind") === "node") return [1, council, fields.get("body").get("number")];
  return [2, id, 0];
}

const compareRanks = (a, b) => a[0] - b[0] || compare(a[1], b[1]) || a[2] - b[2];

function readPaths(content, entries) {
  const joined = content.get("hashes") ?? new Uint8Array();
  must(joined.length % 32 === 0 && (joined.length > 0 || !content.has("hashes")));
  const hashes = [];
  for (let at = 0; at < joined.length; at += 32) hashes.push(joined.subarray(at, at + 32));
  must(new Set(hashes.map(toHex)).size === hashes.length);
  let used = 0; // hashes stand in the order of their first use
  const full = (numbers) =>
    numbers.map((one) => {
      must(one <= used && one < hashes.length);
      if (one === used) used += 1;
      return hashes[one];
    });
  const rows = (name) => {
    const found = content.get(name) ?? [];
    must(found.length > 0 || !content.has(name));
    must(found.every(([one]) => one < entries.length));
    return found;
  };
  const inOrder = (found, by) =>
    found.every((one, i) => i === 0 || found[i - 1][0] - one[0] || found[i - 1][by] <= one[by]) &&
    found.every((one, i) => i === 0 || found[i - 1][0] <= one[0]);

  const proofs = rows("proofs");
  const receipts = rows("receipts");
  must(inOrder(proofs, 2) && inOrder(receipts, 2));
  const out = {
    proofs: proofs.map(([at, index, treeSize, steps]) => ({
      entry: entries[at],
      index,
      size: treeSize,
      path: full(steps),
    })),
    receipts: receipts.map(([at, charter, seconds, count, position, treeSize, steps, bytes]) => ({
      node: entries[at],
      charter,
      time: seconds,
      count,
      position,
      size: treeSize,
      path: full(steps),
      signature: bytes,
    })),
  };
  must(used === hashes.length);
  return out;
}

// --- what is in it -----------------------------------------------------------------------------

/** Every record of the file, opened in the file's order. */
export async function openAll(bundle) {
  const out = [];
  for (const entry of bundle.entries) out.push(await openParsed(entry, entry.part));
  return out;
}

/** Tree size -> the one root that all paths to it lead to; Refusal log-index, proof-... */
export function rootsOf(bundle) {
  const roots = {};
  for (const { entry: one, index, size: treeSize, path: steps } of bundle.proofs) {
    const root = inclusionRoot(leafHash(one.envelope), index, treeSize, steps);
    if (!equal((roots[treeSize] ??= root), root)) refuse("proof-root");
  }
  return roots;
}

// --- writing -----------------------------------------------------------------------------------

/** The file of an act: a mandate's file with the act, which is in no log yet, in its place. */
export function withAct(mandateFile, id, envelope) {
  const content = decode(mandateFile, limits.BUNDLE_MAX_BYTES)[2];
  const network = content.get("network");
  const rows = content.get("records").flat();
  const [payload, signed] = decode(envelope);
  const rank = rankOf(id, parsePayload(payload).fields);
  const ranks = rows.map(([raw]) => rankOf(recordId(network, raw), parsePayload(raw).fields));
  const found = ranks.findIndex((one) => compareRanks(one, rank) > 0);
  const at = found < 0 ? rows.length : found;
  const keys = []; // that rows before the act name, in order (BUN-4)
  for (const [raw] of rows.slice(0, at)) {
    for (const key of keysNamed(parsePayload(raw).fields)) {
      if (!keys.some((other) => equal(other, key))) keys.push(key);
    }
  }
  const brief = signed.map(([signer, kind, bytes]) => {
    const number = keys.findIndex((key) => equal(key, signer));
    return [number < 0 ? signer : number, kind, bytes];
  });
  const moved = (number) => (number >= at ? number + 1 : number);
  const later = rows
    .slice(at)
    .map(([raw, by, ...part]) => [raw, by, ...part.map((one) => (Number.isInteger(one) ? moved(one) : one))]);
  const all = [...rows.slice(0, at), [payload, brief], ...later];
  const out = new Map(content);
  out.set("kind", "act");
  out.set("subject", id);
  out.set("records", pagesOf(all));
  for (const name of ["proofs", "receipts"]) {
    if (!content.has(name)) continue;
    out.set(
      name,
      content.get(name).map(([number, ...rest]) => [moved(number), ...rest]),
    );
  }
  return encode(["confed", VERSION, out], limits.BUNDLE_MAX_BYTES);
}

function pagesOf(rows) {
  const pages = [];
  for (let at = 0; at < rows.length; at += limits.ARRAY_MAX) {
    pages.push(rows.slice(at, at + limits.ARRAY_MAX));
  }
  return pages;
}
