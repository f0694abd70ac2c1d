// Sign requests: a payload, whose signatures are asked for, and those it has (specs/04, SRQ).

import { compare, equal, toHex } from "./bytes.js";
import { decode, encode } from "./codec.js";
import { verify as verifyEd25519 } from "./ed25519.js";
import { refuse } from "./errors.js";
import { recordId, signingBytes } from "./ids.js";
import * as limits from "./limits.js";
import { parsePayload } from "./record.js";
import { bin, int, list, oneOf, row } from "./schema.js";
import { RECORD_NAMESPACE, verifyCompact } from "./sshsig.js";

const MAGIC = "confed-sign";
const VERSION = 1;
export const REQUEST_MAX_BYTES = limits.RECORD_MAX_BYTES + limits.PART_MAX_BYTES + 8192;

const form = row(
  oneOf(MAGIC),
  oneOf(VERSION),
  bin(32),
  bin(0, limits.RECORD_MAX_BYTES),
  bin(0, limits.PART_MAX_BYTES),
  list(bin(32), 1, limits.KEYHOLDERS_MAX),
  int(1, limits.KEYHOLDERS_MAX),
  list(row(bin(32), int(0, 255), bin(1, limits.RECORD_MAX_BYTES)), 0, limits.ARRAY_MAX),
);

/** {network, payload, part, keys, threshold, signatures, id}; each signature holds. Refusal. */
export async function decodeRequest(data) {
  const value = decode(data, REQUEST_MAX_BYTES);
  if (!form(value)) refuse("envelope-form");
  const [, , network, payload, part, keys, threshold, rows] = value;
  if (threshold > keys.length) refuse("envelope-form");
  parsePayload(payload);
  const id = recordId(network, payload);
  let request = { network, payload, part, keys, threshold, signatures: [], id };
  for (const [signer, form_, signature] of rows) {
    request = await withSignature(request, signer, form_, signature);
  }
  return request;
}

/** The same with one signature more, once it is verified (SRQ-2). */
export async function withSignature(request, signer, kind, signature) {
  const message = signingBytes(request.id);
  if (kind === 0) await verifyEd25519(signer, message, signature);
  else await verifyCompact(signer, kind, RECORD_NAMESPACE, message, signature);
  const others = request.signatures.filter(([other]) => !equal(other, signer));
  const signatures = [...others, [signer, kind, signature]].sort(([a], [b]) => compare(a, b));
  return { ...request, signatures };
}

/** Whether as many of the asked keys have signed as must. */
export function isComplete({ keys, threshold, signatures }) {
  const signed = new Set(signatures.map(([signer]) => toHex(signer)));
  return keys.filter((key) => signed.has(toHex(key))).length >= threshold;
}

/** The bytes of the file (SRQ-1). */
export function encodeRequest({ network, payload, part, keys, threshold, signatures }) {
  const value = [MAGIC, VERSION, network, payload, part, keys, threshold, signatures];
  return encode(value, REQUEST_MAX_BYTES);
}
