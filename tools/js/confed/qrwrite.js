// Writing a QR symbol: text that is shown to another's camera. Level M.

import { utf8 } from "./bytes.js";
import { correctionOf } from "./galois.js";
import {
  ALPHANUMERIC,
  blocksOf,
  countBits,
  formatBits,
  formatPlaces,
  gridOf,
  MASKS,
  VERSION_MAX,
  versionBits,
  versionPlaces,
} from "./qrgrid.js";

const LEVEL = "M";

/** The modules of a symbol, rows of booleans (true is dark); null for a text that none holds. */
export function qrModules(text) {
  const isShort = [...text].every((one) => ALPHANUMERIC.includes(one));
  const mode = isShort ? 2 : 4;
  const [content, length] = isShort ? alphanumeric(text) : bytes(text);
  for (let version = 1; version <= VERSION_MAX; version += 1) {
    const { blocks, correction } = blocksOf(version, LEVEL);
    const room = 8 * blocks.reduce((sum, one) => sum + one, 0);
    const head = bitsOf(mode, 4) + bitsOf(length, countBits(mode, version));
    if (head.length + content.length > room) continue;
    return drawn(version, interleaved(padded(head + content, room), blocks, correction));
  }
  return null;
}

const bitsOf = (number, width) => number.toString(2).padStart(width, "0");

function alphanumeric(text) {
  const codes = [...text].map((one) => ALPHANUMERIC.indexOf(one));
  let out = "";
  for (let i = 0; i < codes.length; i += 2) {
    out += i + 1 < codes.length ? bitsOf(45 * codes[i] + codes[i + 1], 11) : bitsOf(codes[i], 6);
  }
  return [out, codes.length];
}

function bytes(text) {
  const raw = [...utf8(text)];
  return [raw.map((byte) => bitsOf(byte, 8)).join(""), raw.length];
}

/** The codewords of these bits: a terminator, zeros to the byte, then the two pads by turns. */
function padded(bits, room) {
  let all = bits + "0".repeat(Math.min(4, room - bits.length));
  all += "0".repeat(-all.length & 7);
  for (let pad = 0xec; all.length < room; pad ^= 0xec ^ 0x11) all += bitsOf(pad, 8);
  return all.match(/.{8}/g).map((byte) => parseInt(byte, 2));
}

function interleaved(words, blocks, correction) {
  let at = 0;
  const data = blocks.map((length) => words.slice(at, (at += length)));
  const extra = data.map((block) => correctionOf(block, correction));
  const out = [];
  for (const rows of [data, extra]) {
    const longest = Math.max(...rows.map(({ length }) => length));
    for (let i = 0; i < longest; i += 1) {
      for (const row of rows) if (i < row.length) out.push(row[i]);
    }
  }
  return out;
}

function drawn(version, words) {
  const { size, fixed, path } = gridOf(version);
  const bits = words.map((word) => bitsOf(word, 8)).join("");
  const under = (mask) => {
    const rows = fixed.map((row) => [...row]);
    path.forEach(([r, c], i) => {
      rows[r][c] = (bits[i] === "1") !== MASKS[mask](r, c);
    });
    const put = (value, copies) => {
      for (const places of copies) {
        places.forEach(([r, c], i) => {
          rows[r][c] = ((value >>> i) & 1) === 1;
        });
      }
    };
    put(formatBits(LEVEL, mask), formatPlaces(size));
    if (version >= 7) put(versionBits(version), versionPlaces(size));
    return rows;
  };
  const all = MASKS.map((_, mask) => under(mask));
  const costs = all.map(costOf);
  return all[costs.indexOf(Math.min(...costs))];
}

/** How hard a symbol is to read: long runs, squares of one colour, too much of one colour. */
function costOf(rows) {
  const size = rows.length;
  let [cost, dark] = [0, 0];
  const columns = rows.map((_, c) => rows.map((row) => row[c]));
  for (const line of [...rows, ...columns]) {
    for (let at = 0; at < size; ) {
      let end = at;
      while (end < size && line[end] === line[at]) end += 1;
      if (end - at >= 5) cost += end - at - 2;
      at = end;
    }
  }
  for (let r = 0; r < size; r += 1) {
    for (let c = 0; c < size; c += 1) {
      const one = rows[r][c];
      if (one) dark += 1;
      if (rows[r + 1]?.[c] === one && rows[r][c + 1] === one && rows[r + 1][c + 1] === one) cost += 3;
    }
  }
  return cost + 10 * Math.floor(Math.abs((20 * dark) / (size * size) - 10));
}
