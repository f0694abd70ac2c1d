// Signed log heads (specs/03, LOG-3): [payload, signature], payload {log, root, size, time}.

import { concat } from "./bytes.js";
import { decode } from "./codec.js";
import { verify } from "./ed25519.js";
import { Refusal, refuse } from "./errors.js";
import { TAG_HEAD } from "./ids.js";
import { time } from "./kinds.js";
import { HEAD_MAX_BYTES, LOG_MAX_SIZE } from "./limits.js";
import { bin, int, map, row } from "./schema.js";

const envelopeForm = row(bin(0, HEAD_MAX_BYTES), bin(0, HEAD_MAX_BYTES));
const payloadForm = map({ log: bin(32), root: bin(32), size: int(1, LOG_MAX_SIZE), time });

/** {log, size, root, time} of a head that `key` signed; Refusal enc-..., head-... */
export async function openHead(network, key, envelope) {
  const value = decode(envelope, HEAD_MAX_BYTES);
  if (!envelopeForm(value)) refuse("head-form");
  const [payload, signature] = value;
  const fields = decode(payload);
  if (!payloadForm(fields)) refuse("head-form");
  try {
    await verify(key, concat(TAG_HEAD, network, payload), signature);
  } catch (error) {
    if (error instanceof Refusal) refuse("head-signature", error.reason);
    throw error;
  }
  return {
    log: fields.get("log"),
    size: fields.get("size"),
    root: fields.get("root"),
    time: fields.get("time"),
  };
}
