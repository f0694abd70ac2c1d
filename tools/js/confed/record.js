// Records: envelope, payload, id, signatures, detached part (specs/03, REC, PAY, BOD, PRT).

import { compare, equal, fromUtf8, toHex } from "./bytes.js";
import { decode, encode, isClean } from "./codec.js";
import { verify as verifyEd25519 } from "./ed25519.js";
import { Refusal, refuse } from "./errors.js";
import { recordId, signingBytes, TAG_TEXT } from "./ids.js";
import { headRow, KINDS, time, token } from "./kinds.js";
import { ARRAY_MAX, PART_MAX_BYTES, SIGNATURES_MAX } from "./limits.js";
import { leafHash, rootOf } from "./merkle.js";
import { attach, isDetached } from "./rows.js";
import { anyMap, bin, int, list, map } from "./schema.js";
import { sha256 } from "./sha256.js";
import { RECORD_NAMESPACE, verifyCompact } from "./sshsig.js";

const FORM_RAW = 0;
const SALT_BYTES = 16; // random, before the words of a detached text

const header = map(
  { kind: token, charter: int(0, 1000000), time, body: anyMap },
  { council: bin(32), scope: bin(32), subject: bin(32), salt: bin(16), ext: anyMap },
);

/** Kinds that have no scope (PAY-6). */
const PUBLIC_KINDS = new Set([
  ...["charter", "node", "link", "guest", "unlink", "suspension", "fork-proof", "carried"],
  ...["witness", "compact", "accession", "exit"],
]);

/**
 * {payload, signatures: [{signer, form, signature}]}: shape and order checked, no more.
 * `bare`: none is as good as any, as of a first charter in a file (BUN-4).
 */
export function splitEnvelope(envelope, { bare = false } = {}) {
  const value = decode(envelope);
  if (!Array.isArray(value) || value.length !== 2) refuse("envelope-form");
  const [payload, rows] = value;
  if (!(payload instanceof Uint8Array) || !Array.isArray(rows)) refuse("envelope-form");
  if (rows.length > SIGNATURES_MAX) refuse("envelope-form");
  if (rows.length === 0 && !bare) refuse("unsigned");
  const signatures = rows.map((row, i) => {
    if (!isSignature(row)) refuse("envelope-form");
    if (i > 0) {
      const order = compare(row[0], rows[i - 1][0]);
      if (order === 0) refuse("signer-duplicate");
      if (order < 0) refuse("signer-order");
    }
    return { signer: row[0], form: row[1], signature: row[2] };
  });
  return { payload, signatures };
}

const isSignature = (row) =>
  Array.isArray(row) &&
  row.length === 3 &&
  row[0] instanceof Uint8Array &&
  typeof row[1] === "number" &&
  row[2] instanceof Uint8Array;

/**
 * The payload's fields and its kind's row (undefined: unknown); Refusal payload-/body-form.
 * `detached`: a list of the body lies in the record's part, and the rest is checked with it.
 */
export function parsePayload(payload) {
  const fields = decode(payload);
  if (!header(fields)) refuse("payload-form");
  const firstCharter = fields.get("kind") === "charter" && fields.get("charter") === 0;
  if (fields.has("council") === firstCharter) refuse("payload-form");
  if (fields.get("ext")?.size === 0) refuse("payload-form");
  if (fields.has("scope")) {
    if (!fields.has("salt") || PUBLIC_KINDS.has(fields.get("kind"))) refuse("payload-form");
  }
  const kind = KINDS.get(fields.get("kind"));
  let detached = false;
  if (kind !== undefined) {
    if (fields.has("subject") !== kind.subject) refuse("payload-form");
    detached = kind.rows !== null && isDetached(kind.rows, fields.get("body"));
    if (!detached && !kind.body(fields.get("body"))) refuse("body-form");
  }
  return { fields, kind, detached };
}

/** Decode, check and verify one record on `network`, with its detached part, if it has one. */
export async function open(network, envelope, part = null) {
  const split = splitEnvelope(envelope);
  const parsed = parsePayload(split.payload);
  const id = recordId(network, split.payload);
  return openParsed({ ...split, ...parsed, id, envelope }, part);
}

/** The same of an envelope whose form has been read: what `splitEnvelope` and `parsePayload` gave. */
export async function openParsed({ id, envelope, payload, signatures, fields, kind, detached }, part) {
  const message = signingBytes(id);
  for (const { signer, form, signature } of signatures) {
    if (form === FORM_RAW) await verifyEd25519(signer, message, signature);
    else await verifyCompact(signer, form, RECORD_NAMESPACE, message, signature);
  }
  const body = wholeBody(fields.get("body"), kind, detached, part);
  return {
    id,
    kind: fields.get("kind"),
    council: fields.get("council") ?? id,
    charter: fields.get("charter"),
    time: fields.get("time"),
    scope: fields.get("scope") ?? null,
    subject: fields.get("subject") ?? null,
    body,
    signers: signatures.map((row) => row.signer),
    payload,
    envelope,
    part,
  };
}

/** The body with the list that lies in the part, if one does, after a look at the part. */
function wholeBody(body, kind, detached, part) {
  if (!detached) {
    checkPart(kind?.part ?? null, body, part);
    return body;
  }
  if (part === null) refuse("part-missing");
  const text = kind.part === "text" ? (beside) => checkPart("text", body, beside) : null;
  const whole = attach(kind.rows, body, part, text);
  if (!kind.body(whole)) refuse("body-form");
  return whole;
}

function checkPart(wanted, body, part) {
  if (wanted === null || wanted === "rows") {
    if (part !== null) refuse("part-unexpected");
    return;
  }
  if (part === null) refuse("part-missing");
  if (part.length > PART_MAX_BYTES) refuse("part-mismatch");
  if (wanted === "text") {
    if (!equal(sha256(TAG_TEXT, part), body.get("text"))) refuse("part-mismatch");
    const words = fromUtf8(part.subarray(SALT_BYTES));
    if (part.length < SALT_BYTES || words === null || !isClean(words)) refuse("body-form");
    return;
  }
  const rows = headsOf(part);
  const root = rootOf(rows.map((row) => leafHash(encode(row))));
  if (!equal(root, body.get("root"))) refuse("part-mismatch");
  const logs = new Set(rows.map((row) => toHex(row[0])));
  if (rows.length !== body.get("count") || logs.size !== rows.length) refuse("body-form");
}

/** The [log, size, root] rows of a witness record's part, in their order (WIT-2). */
function headsOf(part) {
  let rows;
  try {
    rows = decode(part, PART_MAX_BYTES);
  } catch (error) {
    if (error instanceof Refusal) refuse("part-mismatch", error.reason);
    throw error;
  }
  if (!list(headRow, 0, ARRAY_MAX)(rows)) refuse("part-mismatch");
  const ordered = (a, b) => compare(a[0], b[0]) || a[1] - b[1] || compare(a[2], b[2]);
  if (rows.some((row, i) => i > 0 && ordered(rows[i - 1], row) > 0)) refuse("part-mismatch");
  return rows;
}
