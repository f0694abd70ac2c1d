// Acts by link: a mandate's file and an act under it that a delegate is asked to sign (ASK).

import { decodeContainer, withAct } from "./bundle.js";
import { compare, equal, toHex } from "./bytes.js";
import { decode, encode } from "./codec.js";
import { refuse } from "./errors.js";
import { prove } from "./evidence.js";
import { actReport } from "./judge.js";
import { ASK_MAX_BYTES, BUNDLE_MAX_BYTES } from "./limits.js";
import { maySign } from "./mandate.js";
import { parsePayload } from "./record.js";
import { bin, oneOf, row } from "./schema.js";
import { decodeRequest, encodeRequest, isComplete } from "./signrequest.js";

const FRAGMENT = "#ask=";
const MAGIC = "confed-ask";
const VERSION = 1;
const form = row(
  oneOf(MAGIC),
  oneOf(VERSION),
  bin(0, BUNDLE_MAX_BYTES),
  bin(0, ASK_MAX_BYTES),
);

/** The bytes of an act request in what follows `#` of a link, or null if there is none (ASK-3). */
export function ofLink(link) {
  const at = link.indexOf(FRAGMENT);
  if (at < 0) return null;
  const coded = link.slice(at + FRAGMENT.length);
  if (coded.length > 2 * ASK_MAX_BYTES) refuse("text-length");
  if (!/^[A-Za-z0-9_-]+$/.test(coded) || coded.length % 4 === 1) refuse("text-character");
  const padded = coded.replaceAll("-", "+").replaceAll("_", "/");
  const binary = atob(padded + "=".repeat(-coded.length & 3));
  if (!btoa(binary).startsWith(padded)) refuse("text-character"); // bits that belong to no byte
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** What follows a page's address in a link to it with this act request. */
export function linkOf(data) {
  const binary = Array.from(data, (byte) => String.fromCharCode(byte)).join("");
  const coded = btoa(binary).replaceAll("+", "-").replaceAll("/", "_");
  return FRAGMENT + coded.replace(/=+$/, "");
}

/** The bytes of an act request with the signatures so far, for the next one who signs (ASK-1). */
export const encodeAsk = ({ mandateFile, request }) =>
  encode([MAGIC, VERSION, mandateFile, encodeRequest(request)], ASK_MAX_BYTES);

/**
 * {mandateFile, request, mandate, act, report}: what is asked, and the verdict on the act as far as
 * the mandate's file shows (ASK-2). Refusal: what does not hold, or is no act request.
 */
export async function decodeAsk(data) {
  const value = decode(data, ASK_MAX_BYTES);
  if (!form(value)) refuse("envelope-form");
  const [, , mandateFile, asked] = value;
  const request = await decodeRequest(asked);
  const bundle = decodeContainer(mandateFile);
  if (bundle.kind !== "mandate") refuse("bundle-subject");
  const proved = await prove(bundle);
  const { fields } = parsePayload(request.payload);
  const mandate = proved.subject.body;
  if (fields.get("kind") !== "act" || !equal(fields.get("subject"), proved.subject.id)) {
    refuse("bundle-subject");
  }
  checkKeys(request, bundle, mandate);
  const act = recordOf(request, fields);
  const report = await actReport(withRecord(proved, act));
  return { mandateFile, request, mandate, act, report };
}

/** The keys asked are those of the mandate, so that no other gets a signature by a trick. */
function checkKeys(request, bundle, mandate) {
  const partners = mandate.get("partners") ?? [];
  const keys = [mandate.get("delegate"), ...partners, ...(mandate.get("substitutes") ?? [])];
  const needed = mandate.get("parity") === "all" ? 1 + partners.length : 1;
  const same =
    keys.length === request.keys.length &&
    keys.every((key, i) => equal(key, request.keys[i])) &&
    request.threshold === needed &&
    request.part.length === 0 &&
    equal(request.network, bundle.network);
  if (!same) refuse("envelope-form");
}

/** The act as it will be; nobody has signed it yet, so nothing but its verdict rests on this. */
function recordOf({ id, payload }, fields) {
  return {
    id,
    kind: "act",
    council: fields.get("council") ?? id,
    charter: fields.get("charter"),
    time: fields.get("time"),
    scope: fields.get("scope") ?? null,
    subject: fields.get("subject"),
    body: fields.get("body"),
    signers: [],
    payload,
    envelope: null,
    part: null,
  };
}

function withRecord(proved, act) {
  if (!equal(act.council, proved.subject.council)) refuse("council-foreign");
  const bundle = { ...proved.bundle, kind: "act", subject: act.id };
  const records = new Map([...proved.records, [toHex(act.id), act]]);
  const chosen = { ...proved, bundle, records, subject: act };
  return { chosen, proved: [chosen, ...proved.beside], at: act.time };
}

/** The act's own `.confed` file, once enough have signed; null before (ASK-4). */
export async function actFile({ mandateFile, request, mandate }) {
  if (!isComplete(request)) return null;
  const signers = request.signatures.map(([signer]) => signer);
  if (!maySign(mandate, signers)) return null;
  const rows = [...request.signatures].sort(([a], [b]) => compare(a, b));
  const file = withAct(mandateFile, request.id, encode([request.payload, rows]));
  await prove(decodeContainer(file));
  return file;
}
