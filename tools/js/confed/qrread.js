// Reading a QR symbol: from its modules to its text, however it was seen.

import { fromUtf8 } from "./bytes.js";
import { mended } from "./galois.js";
import {
  ALPHANUMERIC,
  blocksOf,
  countBits,
  formatBits,
  formatPlaces,
  gridOf,
  LEVELS,
  MASKS,
  VERSION_MAX,
} from "./qrgrid.js";

const FORMAT_ERRORS_MAX = 3;

/** The text of a symbol whose modules are `rows` of booleans (true is dark), or null. */
export function qrText(rows) {
  const version = (rows.length - 17) / 4;
  if (!Number.isInteger(version) || version < 1 || version > VERSION_MAX) return null;
  const format = formatOf(rows);
  if (format === null) return null;
  const { path } = gridOf(version);
  const isTurned = MASKS[format.mask];
  const bits = path.map(([r, c]) => (rows[r][c] !== isTurned(r, c) ? 1 : 0));
  const words = [];
  for (let at = 0; at + 8 <= bits.length; at += 8) {
    words.push(bits.slice(at, at + 8).reduce((sum, bit) => 2 * sum + bit, 0));
  }
  const data = dataOf(words, version, format.level);
  return data === null ? null : textOf(data, version);
}

/** Level and mask whose format bits are nearest to either copy, if near enough. */
function formatOf(rows) {
  let best = { errors: FORMAT_ERRORS_MAX + 1 };
  for (const places of formatPlaces(rows.length)) {
    const seen = places.reduce((sum, [r, c], i) => sum | ((rows[r][c] ? 1 : 0) << i), 0);
    for (const level of Object.keys(LEVELS)) {
      for (let mask = 0; mask < MASKS.length; mask += 1) {
        let off = seen ^ formatBits(level, mask);
        let errors = 0;
        for (; off !== 0; off &= off - 1) errors += 1;
        if (errors < best.errors) best = { errors, level, mask };
      }
    }
  }
  return best.level === undefined ? null : best;
}

/** The data codewords, each block mended; null if one cannot be. */
function dataOf(words, version, level) {
  const { blocks, correction } = blocksOf(version, level);
  const rows = blocks.map(() => []);
  let at = 0;
  const longest = Math.max(...blocks);
  for (let i = 0; i < longest; i += 1) {
    blocks.forEach((length, block) => {
      if (i < length) rows[block].push(words[at++]);
    });
  }
  for (let i = 0; i < correction; i += 1) for (const row of rows) row.push(words[at++]);
  const out = [];
  for (const [block, row] of rows.entries()) {
    const whole = mended(row, correction);
    if (whole === null) return null;
    out.push(...whole.slice(0, blocks[block]));
  }
  return out;
}

class Bits {
  constructor(words) {
    this.words = words;
    this.at = 0;
  }

  left() {
    return 8 * this.words.length - this.at;
  }

  take(width) {
    let out = 0;
    for (let i = 0; i < width; i += 1, this.at += 1) {
      out = 2 * out + ((this.words[this.at >> 3] >> (7 - (this.at & 7))) & 1);
    }
    return out;
  }
}

/** The text of data codewords; null where a part of it is of a kind that is not for text. */
function textOf(words, version) {
  const bits = new Bits(words);
  let out = "";
  while (bits.left() >= 4) {
    const mode = bits.take(4);
    if (mode === 0) break;
    if (![1, 2, 4].includes(mode)) return null;
    if (bits.left() < countBits(mode, version)) return null;
    const count = bits.take(countBits(mode, version));
    const part = { 1: numeric, 2: alphanumeric, 4: bytes }[mode](bits, count);
    if (part === null) return null;
    out += part;
  }
  return out;
}

function numeric(bits, count) {
  let out = "";
  for (let left = count; left > 0; left -= 3) {
    const digits = Math.min(3, left);
    const width = [0, 4, 7, 10][digits];
    if (bits.left() < width) return null;
    out += String(bits.take(width)).padStart(digits, "0");
  }
  return out;
}

function alphanumeric(bits, count) {
  let out = "";
  for (let left = count; left > 0; left -= 2) {
    const width = left > 1 ? 11 : 6;
    if (bits.left() < width) return null;
    const value = bits.take(width);
    const codes = left > 1 ? [Math.floor(value / 45), value % 45] : [value];
    if (codes.some((code) => code >= 45)) return null;
    out += codes.map((code) => ALPHANUMERIC[code]).join("");
  }
  return out;
}

function bytes(bits, count) {
  if (bits.left() < 8 * count) return null;
  return fromUtf8(Uint8Array.from({ length: count }, () => bits.take(8)));
}
