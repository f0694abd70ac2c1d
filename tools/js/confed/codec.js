// CMP, the canonical subset of MessagePack (specs/01). One value has one encoding.
//
// Values: number (an integer), boolean, string, Uint8Array, Array, Map with string keys.

import { concat, fromUtf8, utf8 } from "./bytes.js";
import { refuse } from "./errors.js";
import { ARRAY_MAX, DEPTH_MAX, INT_MAX, KEY_MAX, MAP_MAX, RECORD_MAX_BYTES } from "./limits.js";

const KEY = /^[a-z][a-z0-9_]{0,30}$/;
// By fixed code point, so that no version of Unicode can change a verdict (ENC-13).
const BANNED = new RegExp(
  "[\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f" +
    "\\u2028-\\u202e\\u2060-\\u206f\\ufdd0-\\ufdef\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff" +
    "\\u{e0000}-\\u{e007f}]",
  "u",
);
/** Whether `text` holds no code point that ENC-13 bans. */
export const isClean = (text) => !BANNED.test(text);

const LONE_SURROGATE = /\p{Surrogate}/u;

// --- decoding --------------------------------------------------------------------------------

// header byte -> [bytes of the number that follows, smallest number that needs that many]
const UINT = new Map([
  [0xcc, [1, 0x80n]],
  [0xcd, [2, 0x100n]],
  [0xce, [4, 0x10000n]],
  [0xcf, [8, 0x100000000n]],
]);
// header byte -> [bytes of the number that follows, largest number that needs that many]
const INT = new Map([
  [0xd0, [1, -33n]],
  [0xd1, [2, -0x81n]],
  [0xd2, [4, -0x8001n]],
  [0xd3, [8, -0x80000001n]],
]);
// header byte -> [bytes of the length that follows, smallest length that needs that many]
const STR = new Map([[0xd9, [1, 32]], [0xda, [2, 0x100]], [0xdb, [4, 0x10000]]]);
const BIN = new Map([[0xc4, [1, 0]], [0xc5, [2, 0x100]], [0xc6, [4, 0x10000]]]);
const ARRAY = new Map([[0xdc, [2, 16]], [0xdd, [4, 0x10000]]]);
const MAP = new Map([[0xde, [2, 16]], [0xdf, [4, 0x10000]]]);
const NEVER = new Map([
  [0xc0, "enc-nil"],
  [0xc1, "enc-reserved"],
  [0xca, "enc-float"],
  [0xcb, "enc-float"],
  ...[0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8].map((first) => [first, "enc-ext"]),
]);

/** The value that `data` encodes; Refusal enc-... for anything else. One pass. */
export function decode(data, maxBytes = RECORD_MAX_BYTES) {
  if (data.length > maxBytes) refuse("enc-size");
  if (data.length === 0) refuse("enc-empty");
  const reader = new Reader(data);
  const value = reader.value(1);
  if (reader.left() > 0) refuse("enc-trailing");
  return value;
}

class Reader {
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  left() {
    return this.data.length - this.at;
  }

  take(count) {
    if (count > this.left()) refuse("enc-truncated");
    this.at += count;
    return this.data.subarray(this.at - count, this.at);
  }

  number(width, signed) {
    const raw = this.take(width);
    let number = 0n;
    for (const byte of raw) number = (number << 8n) | BigInt(byte);
    return signed ? BigInt.asIntN(8 * width, number) : number;
  }

  length([width, least]) {
    const length = Number(this.number(width, false));
    if (length < least) refuse("enc-length-shortest");
    return length;
  }

  value(depth) {
    const first = this.take(1)[0];
    if (first <= 0x7f) return first;
    if (first >= 0xe0) return first - 256;
    if (first <= 0x8f) return this.map(first & 0x0f, depth);
    if (first <= 0x9f) return this.array(first & 0x0f, depth);
    if (first <= 0xbf) return this.text(first & 0x1f);
    if (NEVER.has(first)) refuse(NEVER.get(first));
    if (first === 0xc2 || first === 0xc3) return first === 0xc3;
    if (BIN.has(first)) return this.take(this.length(BIN.get(first))).slice();
    if (STR.has(first)) return this.text(this.length(STR.get(first)));
    if (ARRAY.has(first)) return this.array(this.length(ARRAY.get(first)), depth);
    if (MAP.has(first)) return this.map(this.length(MAP.get(first)), depth);
    return this.integer(first);
  }

  integer(first) {
    const signed = INT.has(first);
    const [width, edge] = signed ? INT.get(first) : UINT.get(first);
    const number = this.number(width, signed);
    if (signed ? number > edge : number < edge) refuse("enc-int-shortest");
    if (number > BigInt(INT_MAX) || number < -BigInt(INT_MAX)) refuse("enc-int-range");
    return Number(number);
  }

  text(length) {
    const text = fromUtf8(this.take(length));
    if (text === null) refuse("enc-utf8");
    if (!isClean(text)) refuse("enc-text");
    return text;
  }

  array(length, depth) {
    if (length > ARRAY_MAX) refuse("enc-array-length");
    if (depth > DEPTH_MAX) refuse("enc-depth");
    if (length > this.left()) refuse("enc-truncated");
    const out = [];
    for (let i = 0; i < length; i += 1) out.push(this.value(depth + 1));
    return out;
  }

  map(length, depth) {
    if (length > MAP_MAX) refuse("enc-map-length");
    if (depth > DEPTH_MAX) refuse("enc-depth");
    if (2 * length > this.left()) refuse("enc-truncated");
    const out = new Map();
    let last = "";
    for (let i = 0; i < length; i += 1) {
      const key = this.key();
      if (key === last) refuse("enc-key-duplicate");
      if (key < last) refuse("enc-key-order");
      out.set(key, this.value(depth + 1));
      last = key;
    }
    return out;
  }

  key() {
    const first = this.take(1)[0];
    // A text of 32 bytes or more has another header, and no key is that long.
    if (first < 0xa0 || first > 0xbf) refuse(STR.has(first) ? "enc-key-form" : "enc-key-type");
    const key = String.fromCharCode(...this.take(first & 0x1f));
    if (key.length > KEY_MAX || !KEY.test(key)) refuse("enc-key-form");
    return key;
  }
}

// --- encoding --------------------------------------------------------------------------------

/** The one encoding of `value` (integers may be BigInt); Refusal enc-... if it has none. */
export function encode(value, maxBytes = RECORD_MAX_BYTES) {
  const parts = [];
  write(parts, value, 1);
  const out = concat(...parts);
  if (out.length > maxBytes) refuse("enc-size");
  return out;
}

function write(parts, value, depth) {
  if (typeof value === "boolean") {
    parts.push([value ? 0xc3 : 0xc2]);
  } else if (typeof value === "bigint" || Number.isInteger(value)) {
    writeInteger(parts, BigInt(value));
  } else if (typeof value === "string") {
    writeText(parts, value);
  } else if (value instanceof Uint8Array) {
    parts.push(header(value.length, null, 0, BIN), value);
  } else if (Array.isArray(value)) {
    if (value.length > ARRAY_MAX) refuse("enc-array-length");
    if (depth > DEPTH_MAX) refuse("enc-depth");
    parts.push(header(value.length, 0x90, 16, ARRAY));
    for (const item of value) write(parts, item, depth + 1);
  } else if (value instanceof Map) {
    writeMap(parts, value, depth);
  } else {
    refuse("enc-type");
  }
}

function writeMap(parts, value, depth) {
  if (value.size > MAP_MAX) refuse("enc-map-length");
  if (depth > DEPTH_MAX) refuse("enc-depth");
  for (const key of value.keys()) {
    if (typeof key !== "string") refuse("enc-key-type");
    if (!KEY.test(key)) refuse("enc-key-form");
  }
  parts.push(header(value.size, 0x80, 16, MAP));
  for (const key of [...value.keys()].sort()) {
    writeText(parts, key);
    write(parts, value.get(key), depth + 1);
  }
}

function writeText(parts, text) {
  if (!isClean(text)) refuse("enc-text");
  if (LONE_SURROGATE.test(text)) refuse("enc-utf8");
  const raw = utf8(text);
  parts.push(header(raw.length, 0xa0, 32, STR), raw);
}

function writeInteger(parts, number) {
  if (number > BigInt(INT_MAX) || number < -BigInt(INT_MAX)) refuse("enc-int-range");
  if (number >= -32n && number <= 127n) {
    parts.push([Number(BigInt.asUintN(8, number))]);
    return;
  }
  // The widest form whose edge the number still reaches is the shortest that holds it.
  const forms = [...(number < 0n ? INT : UINT)].reverse();
  const [first, [width]] = forms.find(([, [, edge]]) =>
    number < 0n ? number <= edge : number >= edge,
  );
  parts.push([first, ...bytesOf(BigInt.asUintN(8 * width, number), width)]);
}

function header(length, short, shortBelow, forms) {
  if (length < shortBelow) return [short | length];
  const [first, [width]] = [...forms].reverse().find(([, [, least]]) => length >= least);
  return [first, ...bytesOf(BigInt(length), width)];
}

function bytesOf(number, width) {
  const out = [];
  for (let i = width - 1; i >= 0; i -= 1) out.push(Number((number >> BigInt(8 * i)) & 0xffn));
  return out;
}
