// Bech32m in its lower-case half, and 5-bit groups (specs/12, TXT-4, TXT-6; BIP-350).

import { refuse } from "./errors.js";

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM_CHARS = 6;
const CONSTANT = 0x2bc830a3;
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function polymod(values) {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    GENERATORS.forEach((generator, bit) => {
      if ((top >>> bit) & 1) checksum ^= generator;
    });
  }
  return checksum;
}

function expand(prefix) {
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

/** Each character's place in `alphabet`; Refusal text-character. */
export function groupsOf(body, alphabet = ALPHABET) {
  const groups = [...body].map((character) => alphabet.indexOf(character));
  if (groups.includes(-1)) refuse("text-character");
  return groups;
}

/** The bytes of `text` with this prefix, whose length the caller has bounded. */
export function decode(prefix, text) {
  if (!text.startsWith(prefix + "1")) refuse("text-prefix");
  const body = [...text.slice(prefix.length + 1)];
  if (body.length < CHECKSUM_CHARS) refuse("text-length");
  const groups = groupsOf(body);
  if (polymod([...expand(prefix), ...groups]) !== CONSTANT) refuse("text-checksum");
  return fromGroups(groups.slice(0, -CHECKSUM_CHARS));
}

/** The text of `data` with this prefix. */
export function encode(prefix, data) {
  const groups = toGroups(data);
  const rest = polymod([...expand(prefix), ...groups, 0, 0, 0, 0, 0, 0]) ^ CONSTANT;
  const checksum = [25, 20, 15, 10, 5, 0].map((shift) => (rest >>> shift) & 31);
  return `${prefix}1${[...groups, ...checksum].map((group) => ALPHABET[group]).join("")}`;
}

/** The 5-bit groups of bytes, the last one filled with zeros. */
export function toGroups(data) {
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((group) => parseInt(group.padEnd(5, "0"), 2));
}

/** The bytes of 5-bit groups; Refusal text-padding if bits are left that need not be there. */
export function fromGroups(groups) {
  const out = [];
  let pending = 0;
  let bits = 0;
  for (const group of groups) {
    pending = ((pending << 5) | group) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push((pending >> bits) & 0xff);
    }
  }
  if (bits >= 5 || (pending & ((1 << bits) - 1)) !== 0) refuse("text-padding");
  return Uint8Array.from(out);
}
