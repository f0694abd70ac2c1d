// Text forms: ids, fingerprints, URIs, invitations, armor, QR text (specs/12, TXT-1 to TXT-13).

import { parseAddress } from "./address.js";
import * as bech32m from "./bech32m.js";
import { codePoints, concat, equal, exceeds, bigEndian, fromBigEndian, utf8 } from "./bytes.js";
import { refuse } from "./errors.js";
import { TAG_FINGERPRINT } from "./ids.js";
import {
  ARMOR_MAX_BYTES,
  INVITATION_MAX_CHARS,
  QR_MAX_CHARS,
  TEXT_FORM_MAX_CHARS,
} from "./limits.js";
import { sha256 } from "./sha256.js";

const ID_CHARS = 62;
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
export const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET_SEEN = /(^|[:/])[cC][fF][sS]1/;
const SECRET_FIRST = /^[cC][fF][sS]1/;

// --- ids, keys, fingerprints -----------------------------------------------------------------

function checkBounds(text) {
  if (exceeds(text, TEXT_FORM_MAX_CHARS)) refuse("text-length");
  if (SECRET_SEEN.test(text)) refuse("text-secret");
}

function checkLower(text) {
  if (/[A-Z]/.test(text)) refuse("text-case");
}

/** The 32 bytes of an id or key with this prefix (TXT-5). */
export function decodeId(prefix, text) {
  checkBounds(text);
  checkLower(text);
  if (codePoints(text) !== ID_CHARS) refuse("text-length");
  return bech32m.decode(prefix, text);
}

/** The 30 digits of a fingerprint (TXT-7). */
export function decodeFingerprint(text) {
  checkBounds(text);
  if (!/^[0-9]{5}( [0-9]{5}){5}$/.test(text)) refuse("fingerprint-form");
  return text.replaceAll(" ", "");
}

/** The fingerprint of 32 bytes. */
export function fingerprint(value) {
  const digest = sha256(TAG_FINGERPRINT, value);
  const parts = [0, 5, 10, 15, 20, 25].map((at) => fromBigEndian(digest.subarray(at, at + 5)));
  return parts.map((part) => String(part % 100000).padStart(5, "0")).join(" ");
}

// --- URIs ------------------------------------------------------------------------------------

/** {type, ...} of a `confed:` URI (TXT-9, TXT-10). */
export function decodeUri(text) {
  checkBounds(text);
  checkLower(text);
  for (const type of ["record", "council"]) {
    const start = `confed:${type}/`;
    if (text.startsWith(start)) return { type, id: decodeId("cfr", text.slice(start.length)) };
  }
  if (text.startsWith("confed:invite/")) return invitation(text);
  return refuse("text-scheme");
}

/** The fields of an invitation; another URI is Refusal text-scheme. */
export function decodeInvitation(text) {
  const value = decodeUri(text);
  if (value.type !== "invite") refuse("text-scheme");
  return value;
}

function invitation(text) {
  if (exceeds(text, INVITATION_MAX_CHARS)) refuse("text-length");
  const packed = bech32m.decode("cfi", text.slice("confed:invite/".length));
  if (packed.length < 86 || packed[0] !== 1) refuse("text-field");
  return {
    type: "invite",
    expires: fromBigEndian(packed.subarray(1, 6)),
    transport: packed.slice(6, 38),
    council: packed.slice(38, 70),
    token: packed.slice(70, 86),
    // Bytes above 127 become letters that no address has.
    address: parseAddress(String.fromCharCode(...packed.subarray(86))),
  };
}

// --- armor -----------------------------------------------------------------------------------

const ARMOR = new RegExp(
  "^-----BEGIN CONFED (RECORD|BUNDLE|SIGN REQUEST)-----\n" +
    "((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{1,64}={0,2}\n)" +
    "-----END CONFED \\1-----\n$",
);
const BASE64_MAX_CHARS = Math.ceil(ARMOR_MAX_BYTES / 3) * 4;
const ARMOR_MAX_CHARS =
  BASE64_MAX_CHARS +
  Math.ceil(BASE64_MAX_CHARS / 64) +
  "-----BEGIN CONFED SIGN REQUEST-----\n-----END CONFED SIGN REQUEST-----\n".length;

/** {type: the label, data} of armor (TXT-11). */
export function decodeArmor(text) {
  if (exceeds(text, ARMOR_MAX_CHARS)) refuse("text-length");
  if (SECRET_FIRST.test(text)) refuse("text-secret");
  const found = ARMOR.exec(text);
  if (found === null) refuse("armor-form");
  const lines = found[2].split("\n");
  if (lines.some((line) => line.length > 64)) refuse("armor-form");
  const data = fromBase64(lines.join(""));
  if (data.length > ARMOR_MAX_BYTES) refuse("text-length");
  return { type: found[1], data };
}

/** The armor of bytes under a label (TXT-11). */
export function encodeArmor(label, data) {
  const coded = btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
  const lines = coded.match(/.{1,64}/g).join("\n");
  return `-----BEGIN CONFED ${label}-----\n${lines}\n-----END CONFED ${label}-----\n`;
}

/** The bytes of padded base64 whose characters are already known to be of the alphabet. */
function fromBase64(text) {
  const digits = text.replace(/=+$/, "");
  if (text.length % 4 !== 0 || digits.length % 4 === 1) refuse("armor-form");
  const out = [];
  let pending = 0;
  let bits = 0;
  for (const digit of digits) {
    pending = ((pending << 6) | BASE64.indexOf(digit)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push((pending >> bits) & 0xff);
    }
  }
  if ((pending & ((1 << bits) - 1)) !== 0) refuse("armor-form");
  return Uint8Array.from(out);
}

// --- QR text ---------------------------------------------------------------------------------

/** {type, ...} of a QR text: a URI in capitals, or data (TXT-12). */
export function decodeQr(text) {
  if (exceeds(text, QR_MAX_CHARS)) refuse("text-length");
  if (SECRET_SEEN.test(text)) refuse("text-secret");
  if (/[a-z]/.test(text)) refuse("text-case");
  if (/[^\x00-\x7f]/.test(text)) refuse("text-character");
  for (const type of ["ENVELOPE", "BUNDLE", "REQUEST"]) {
    const start = `CONFED:${type}/`;
    if (text.startsWith(start)) return { type, data: qrData(type, text.slice(start.length)) };
  }
  return decodeUri(text.toLowerCase());
}

function qrData(type, body) {
  const sealed = bech32m.fromGroups(bech32m.groupsOf(body, BASE32));
  if (sealed.length <= 4) refuse("text-length");
  const data = sealed.slice(0, -4);
  const checksum = bigEndian(crc32(concat(utf8(`${type}/`), data)), 4);
  if (!equal(checksum, sealed.subarray(-4))) refuse("text-checksum");
  return data;
}

export function crc32(data) {
  let rest = 0xffffffff;
  for (const byte of data) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return (rest ^ 0xffffffff) >>> 0;
}

// --- all of them -----------------------------------------------------------------------------

/** Kind -> decoder, as the conformance driver names them (TXT-13). */
export const DECODERS = new Map([
  ["key", (text) => decodeId("cfk", text)],
  ["record", (text) => decodeId("cfr", text)],
  ["network", (text) => decodeId("cfn", text)],
  ["transport", (text) => decodeId("cft", text)],
  ["fingerprint", decodeFingerprint],
  ["uri", decodeUri],
  ["invitation", decodeInvitation],
  ["armor", decodeArmor],
  ["qr", decodeQr],
]);
