// A file in several QR texts (specs/12, TXT-15).

import * as bech32m from "./bech32m.js";
import { bigEndian, concat, equal, toHex, utf8 } from "./bytes.js";
import { refuse } from "./errors.js";
import { QR_MAX_CHARS } from "./limits.js";
import { sha256 } from "./sha256.js";
import { BASE32, crc32 } from "./text.js";

export const PART = "CONFED:PART/";
const STRETCH_BYTES = 700; // in one part: a symbol that a phone reads from another screen
const PARTS_MAX = 99;

function decodePart(text) {
  if (text.length > QR_MAX_CHARS) refuse("text-length");
  if (!text.startsWith(PART)) refuse("text-scheme");
  const raw = bech32m.fromGroups(bech32m.groupsOf(text.slice(PART.length), BASE32));
  const sealed = raw.slice(0, Math.max(0, raw.length - 4));
  if (sealed.length <= 6) refuse("text-length");
  const checksum = bigEndian(crc32(concat(utf8("PART/"), sealed)), 4);
  if (!equal(checksum, raw.slice(-4))) refuse("text-checksum");
  const [number, count] = sealed;
  if (!(number >= 1 && number <= count && count <= PARTS_MAX)) refuse("text-field");
  return { number, count, name: toHex(sealed.slice(2, 6)), piece: sealed.slice(6) };
}

/** The file, from all its parts in any order; Refusal text-... */
export function joinParts(texts) {
  const parts = new Map();
  for (const text of texts) {
    const part = decodePart(text);
    parts.set(`${part.number} ${part.count} ${part.name} ${toHex(part.piece)}`, part);
  }
  const all = [...parts.values()].sort((a, b) => a.number - b.number);
  const [first] = all;
  if (first === undefined) refuse("text-field");
  const { count, name } = first;
  if (all.length !== count || all.some((one, i) => one.number !== i + 1)) refuse("text-field");
  if (all.some((one) => one.count !== count || one.name !== name)) refuse("text-field");
  const data = concat(...all.map(({ piece }) => piece));
  if (toHex(sha256(data).slice(0, 4)) !== name) refuse("text-checksum");
  return data;
}

/** The texts of a file, in order. */
export function encodeParts(data) {
  const count = Math.ceil(data.length / STRETCH_BYTES);
  const name = sha256(data).slice(0, 4);
  return Array.from({ length: count }, (_, i) => {
    const piece = data.subarray(i * STRETCH_BYTES, (i + 1) * STRETCH_BYTES);
    const sealed = concat([i + 1, count], name, piece);
    const checksum = bigEndian(crc32(concat(utf8("PART/"), sealed)), 4);
    const groups = bech32m.toGroups(concat(sealed, checksum));
    return PART + groups.map((group) => BASE32[group]).join("");
  });
}
