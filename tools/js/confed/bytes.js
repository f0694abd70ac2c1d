// Small helpers over Uint8Array.

const encoder = new TextEncoder();
// ignoreBOM: U+FEFF is a character like any other here, to be refused by its own rule.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of `text`. */
export const utf8 = (text) => encoder.encode(text);

/** The text of well-formed UTF-8, or null. */
export function fromUtf8(data) {
  try {
    return decoder.decode(data);
  } catch {
    return null;
  }
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Negative, 0 or positive, as `a` sorts before, with or after `b`, bytewise. */
export function compare(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    if (a[i] !== b[i]) return a[i] - b[i];
  }
  return a.length - b.length;
}

export const equal = (a, b) => compare(a, b) === 0;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hex. */
export function toHex(data) {
  let out = "";
  for (const byte of data) out += HEX[byte];
  return out;
}

/** The bytes of lower-case hex, or null for any other text. */
export function fromHex(text) {
  if (text.length % 2 || !/^[0-9a-f]*$/.test(text)) return null;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i += 1) out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** An unsigned number below 2^53 as `width` bytes, the most significant first. */
export function bigEndian(number, width) {
  const out = new Uint8Array(width);
  for (let i = width - 1, rest = number; i >= 0; i -= 1) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
}

/** The unsigned number of at most six bytes, the most significant first. */
export const fromBigEndian = (data) => data.reduce((sum, byte) => sum * 256 + byte, 0);

/** The unsigned BigInt of any bytes, the least significant first. */
export const fromLittleEndian = (data) => BigInt("0x0" + toHex(Uint8Array.from(data).reverse()));

/** A BigInt as `width` bytes, the least significant first. */
export const littleEndian = (number, width) =>
  fromHex(number.toString(16).padStart(2 * width, "0")).reverse();

/** The number of code points of `text`; JavaScript's own length counts UTF-16 units. */
export function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Whether `text` has more than `most` code points; of a far longer text nothing is counted. */
export const exceeds = (text, most) => text.length > 2 * most || codePoints(text) > most;
