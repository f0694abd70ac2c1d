// The grid of a QR symbol (ISO/IEC 18004): what stands where, for writing and for reading.

/** Level -> [its two bits in the format, codewords of correction a block, blocks], by version. */
export const LEVELS = {
  L: [
    1,
    [
      7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30,
      26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
      1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14,
      15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
    ],
  ],
  M: [
    0,
    [
      10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28,
      28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ],
    [
      1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25,
      26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
    ],
  ],
  Q: [
    3,
    [
      13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30,
      30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
      1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34,
      34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
    ],
  ],
  H: [
    2,
    [
      17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30,
      30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
      1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37,
      40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
    ],
  ],
};
export const VERSION_MAX = 40;
export const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** Modules along a side. */
export const sizeOf = (version) => 17 + 4 * version;

/** Bits of the count of characters, by mode (1 numeric, 2 alphanumeric, 4 bytes). */
export function countBits(mode, version) {
  const widths = { 1: [10, 12, 14], 2: [9, 11, 13], 4: [8, 16, 16] }[mode];
  return widths[version < 10 ? 0 : version < 27 ? 1 : 2];
}

/** Where the centres of alignment patterns are, along each side. */
export function alignments(version) {
  if (version === 1) return [];
  const [count, last] = [Math.floor(version / 7) + 2, sizeOf(version) - 7];
  const step = version === 32 ? 26 : 2 * Math.ceil((last - 6) / (2 * (count - 1)));
  const rest = Array.from({ length: count - 1 }, (_, i) => last - step * i);
  return [6, ...rest.reverse()];
}

/** The eight masks: whether a module at (row, column) is turned over. */
export const MASKS = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

/** `value` with the remainder of its division by a binary polynomial behind it. */
function guarded(value, polynomial, bits) {
  let rest = value << bits;
  const top = 31 - Math.clz32(polynomial);
  for (let at = 31 - Math.clz32(rest | 1); at >= top; at -= 1) {
    if ((rest >>> at) & 1) rest ^= polynomial << (at - top);
  }
  return (value << bits) | rest;
}

/** The fifteen bits that name level and mask. */
export const formatBits = (level, mask) =>
  guarded((LEVELS[level][0] << 3) | mask, 0x537, 10) ^ 0x5412;

/** The eighteen bits that name a version from 7 on. */
export const versionBits = (version) => guarded(version, 0x1f25, 12);

/** The places of the fifteen format bits, lowest first, in both copies: [[row, column], ...]. */
export function formatPlaces(size) {
  const first = [];
  const second = [];
  for (let i = 0; i < 15; i += 1) {
    if (i < 6) first.push([i, 8]);
    else if (i < 8) first.push([i + 1, 8]);
    else first.push([8, i === 8 ? 7 : 14 - i]);
    second.push(i < 8 ? [8, size - 1 - i] : [size - 15 + i, 8]);
  }
  return [first, second];
}

/** The places of the eighteen version bits, lowest first, in both copies. */
export function versionPlaces(size) {
  const places = Array.from({ length: 18 }, (_, i) => [Math.floor(i / 3), size - 11 + (i % 3)]);
  return [places, places.map(([row, column]) => [column, row])];
}

const made = new Map();

/**
 * {size, fixed, path} of a version: `fixed[row][column]` is true, false (a module of a pattern),
 * or null where data is; `path` are the places of data in the order of their bits. Format and
 * version bits are fixed here as false.
 */
export function gridOf(version) {
  if (made.has(version)) return made.get(version);
  const size = sizeOf(version);
  const fixed = Array.from({ length: size }, () => new Array(size).fill(null));
  const square = (row, column, reach, dark) => {
    for (let r = -reach; r <= reach; r += 1) {
      for (let c = -reach; c <= reach; c += 1) {
        const [y, x] = [row + r, column + c];
        if (y >= 0 && y < size && x >= 0 && x < size) {
          fixed[y][x] = dark(Math.max(Math.abs(r), Math.abs(c)));
        }
      }
    }
  };
  for (let i = 0; i < size; i += 1) fixed[6][i] = fixed[i][6] = i % 2 === 0;
  const centres = alignments(version);
  for (const row of centres) {
    for (const column of centres) {
      const isFinder = [row, column].every((at) => at === 6) || (row === 6 && column > size - 9);
      if (isFinder || (column === 6 && row > size - 9)) continue;
      square(row, column, 2, (ring) => ring !== 1);
    }
  }
  for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]]) {
    square(row, column, 4, (ring) => ring !== 2 && ring !== 4);
  }
  for (const places of formatPlaces(size)) for (const [r, c] of places) fixed[r][c] = false;
  fixed[size - 8][8] = true;
  if (version >= 7) {
    for (const places of versionPlaces(size)) for (const [r, c] of places) fixed[r][c] = false;
  }
  const grid = { size, fixed, path: pathOf(fixed, size) };
  made.set(version, grid);
  return grid;
}

function pathOf(fixed, size) {
  const path = [];
  let upward = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right -= 1; // the column of the timing pattern
    for (let i = 0; i < size; i += 1) {
      const row = upward ? size - 1 - i : i;
      for (const column of [right, right - 1]) {
        if (fixed[row][column] === null) path.push([row, column]);
      }
    }
    upward = !upward;
  }
  return path;
}

/** {blocks: data codewords of each block, correction: codewords of correction in each}. */
export function blocksOf(version, level) {
  const [, corrections, counts] = LEVELS[level];
  const [correction, count] = [corrections[version - 1], counts[version - 1]];
  const total = Math.floor(gridOf(version).path.length / 8);
  const short = Math.floor(total / count);
  const blocks = Array.from(
    { length: count },
    (_, i) => short - correction + (i >= count - (total % count) ? 1 : 0),
  );
  return { blocks, correction };
}
