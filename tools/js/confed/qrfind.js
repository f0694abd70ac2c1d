// Finding QR symbols in a picture: their three corners, their grid, and what they say.

import { alignments, sizeOf, VERSION_MAX } from "./qrgrid.js";
import { qrText } from "./qrread.js";

const FINDERS_MAX = 24;
const NOTED_MAX = 512; // a picture full of false corners must not stop the page
const TRIES_MAX = 40;
const VERSIONS_OFF = 4;
const PLACES_MAX = 4;
const TIMING_MIN = 0.7;
const CORNER = 3.5; // modules from a symbol's edge to the centre of a corner's pattern

/** The texts of the symbols in an image {data: RGBA, width, height}, each once. */
export function qrTextsIn(image) {
  const light = lightOf(image);
  const found = new Set();
  // A wide window sees small symbols whole, a narrow one copes with shadow.
  for (const part of [10, 5]) {
    const dark = darkOf(light, Math.max(8, Math.floor(Math.min(image.width, image.height) / part)));
    for (const text of textsOf(dark)) found.add(text);
    if (found.size > 0) break;
  }
  return [...found];
}

/** {width, height, at(x, y)}: how light each pixel is, 0 to 255. */
function lightOf({ data, width, height }) {
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i += 1) {
    values[i] = (data[4 * i] * 77 + data[4 * i + 1] * 150 + data[4 * i + 2] * 29) >> 8;
  }
  return { width, height, values };
}

/** Which pixels are dark against the mean of what is around them; out of the picture none is. */
function darkOf({ width, height, values }, reach) {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y += 1) {
    let row = 0;
    for (let x = 0; x < width; x += 1) {
      row += values[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const bits = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const [top, bottom] = [Math.max(0, y - reach), Math.min(height, y + reach + 1)];
    for (let x = 0; x < width; x += 1) {
      const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
      const sum =
        sums[bottom * (width + 1) + right] -
        sums[top * (width + 1) + right] -
        sums[bottom * (width + 1) + left] +
        sums[top * (width + 1) + left];
      const mean = sum / ((bottom - top) * (right - left));
      if (values[y * width + x] < 0.9 * mean) bits[y * width + x] = 1;
    }
  }
  const at = (x, y) =>
    x >= 0 && y >= 0 && x < width && y < height && bits[Math.floor(y) * width + Math.floor(x)] === 1;
  return { width, height, at };
}

function* textsOf(dark) {
  const finders = findersIn(dark);
  const used = new Set();
  let tries = 0;
  for (const corners of triples(finders)) {
    if (corners.some((one) => used.has(one))) continue;
    tries += 1;
    if (tries > TRIES_MAX) return;
    const text = textAt(dark, corners);
    if (text === null) continue;
    for (const one of corners) used.add(one);
    yield text;
  }
}

// --- corners -----------------------------------------------------------------------------------

/** Whether five runs are dark, light, dark, light, dark of 1, 1, 3, 1 and 1 modules. */
function isFinder(runs) {
  const unit = runs.reduce((sum, one) => sum + one, 0) / 7;
  if (unit < 1) return false;
  return runs.every((run, i) => Math.abs(run - (i === 2 ? 3 : 1) * unit) < (i === 2 ? 1.5 : 0.75) * unit);
}

/** The corners' patterns: [{x, y, unit, seen}], those seen on most lines first. */
function findersIn(dark) {
  const finders = [];
  for (let y = 0; y < dark.height; y += 1) {
    let runs = [0, 0, 0, 0, 0]; // the last five, of which the last is under way
    let was = false;
    for (let x = 0; x <= dark.width; x += 1) {
      const is = dark.at(x, y);
      if (is === was && x < dark.width) {
        runs[4] += 1;
        continue;
      }
      if (was && isFinder(runs)) note(finders, dark, x - runs[4] - runs[3] - runs[2] / 2, y, runs);
      runs = [...runs.slice(1), 1];
      was = is;
    }
  }
  return finders.sort((a, b) => b.seen - a.seen).slice(0, FINDERS_MAX);
}

function note(finders, dark, x, y, runs) {
  const most = 2 * runs.reduce((sum, one) => sum + one, 0);
  const down = across(dark, x, y, 0, 1, most);
  if (down === null) return;
  const level = across(dark, x, down.centre, 1, 0, most);
  if (level === null) return;
  const unit = (down.total + level.total) / 14;
  const [cx, cy] = [level.centre, down.centre];
  const near = finders.find((one) => Math.hypot(one.x - cx, one.y - cy) < 3 * one.unit);
  if (near === undefined) {
    if (finders.length < NOTED_MAX) finders.push({ x: cx, y: cy, unit, seen: 1 });
    return;
  }
  near.x = (near.x * near.seen + cx) / (near.seen + 1);
  near.y = (near.y * near.seen + cy) / (near.seen + 1);
  near.unit = (near.unit * near.seen + unit) / (near.seen + 1);
  near.seen += 1;
}

/** {centre, total} of the pattern through a point in one direction, or null if it is none. */
function across(dark, x, y, dx, dy, most) {
  const half = (sign) => {
    const runs = [0, 0, 0];
    let at = sign > 0 ? 0 : 1;
    for (let part = 0; part < 3; part += 1) {
      while (dark.at(x + sign * at * dx, y + sign * at * dy) === (part !== 1) && runs[part] < most) {
        runs[part] += 1;
        at += 1;
      }
      if (runs[part] === 0 && part > 0) return null;
    }
    return runs;
  };
  const [ahead, behind] = [half(1), half(-1)];
  if (ahead === null || behind === null) return null;
  const runs = [behind[2], behind[1], behind[0] + ahead[0], ahead[1], ahead[2]];
  if (!isFinder(runs)) return null;
  const start = dx > 0 ? Math.floor(x) : Math.floor(y);
  return { centre: start + (ahead[0] - behind[0]) / 2, total: runs.reduce((sum, one) => sum + one) };
}

/** Three patterns that may be one symbol's: [top left, top right, bottom left], the likeliest first. */
function triples(finders) {
  const found = [];
  for (const corner of finders) {
    for (const [i, one] of finders.entries()) {
      for (const other of finders.slice(i + 1)) {
        if (one === corner || other === corner) continue;
        const [a, b] = [apart(corner, one), apart(corner, other)];
        const units = [corner.unit, one.unit, other.unit];
        const uneven = Math.max(...units) / Math.min(...units) - 1;
        const skew = Math.abs(a.x * b.x + a.y * b.y) / (a.length * b.length);
        const longer = Math.max(a.length, b.length) / Math.min(a.length, b.length) - 1;
        const modules = (a.length + b.length) / 2 / corner.unit;
        if (uneven > 0.6 || skew > 0.4 || longer > 0.6 || modules < 9 || modules > 200) continue;
        const turn = a.x * b.y - a.y * b.x;
        const corners = turn > 0 ? [corner, one, other] : [corner, other, one];
        found.push({ cost: uneven + skew + longer + modules / 1000, corners });
      }
    }
  }
  return found.sort((a, b) => a.cost - b.cost).map(({ corners }) => corners);
}

function apart(one, other) {
  const [x, y] = [other.x - one.x, other.y - one.y];
  return { x, y, length: Math.hypot(x, y) };
}

// --- the grid ------------------------------------------------------------------------------------

/** What the symbol with these corners says, or null. */
function textAt(dark, corners) {
  const [first, right, below] = corners;
  const [level, down] = [apart(first, right), apart(first, below)];
  const measured = [
    unitAlong(dark, first, level),
    unitAlong(dark, right, level),
    unitAlong(dark, first, down),
    unitAlong(dark, below, down),
  ].filter((unit) => unit !== null);
  if (measured.length === 0) return null;
  const unit = measured.reduce((sum, one) => sum + one, 0) / measured.length;
  const guess = Math.round(((level.length + down.length) / 2 / unit + 7 - 17) / 4);
  const versions = Array.from({ length: 2 * VERSIONS_OFF + 1 }, (_, i) => guess + i - VERSIONS_OFF)
    .filter((version) => version >= 1 && version <= VERSION_MAX)
    .map((version) => ({ version, fit: timingOf(dark, corners, version) }))
    .sort((a, b) => b.fit - a.fit)
    .slice(0, 3);
  for (const { version, fit } of versions) {
    if (fit < TIMING_MIN) break;
    for (const isDark of gridsAt(dark, corners, version)) {
      const line = Array.from({ length: sizeOf(version) }, (_, i) => i);
      const text = qrText(line.map((row) => line.map((column) => isDark(row, column))));
      if (text !== null) return text;
    }
  }
  return null;
}

/** Pixels a module, measured through a corner's pattern along one side; null if it is not seen. */
function unitAlong(dark, { x, y }, { x: dx, y: dy, length }) {
  const step = 4 * length; // a quarter of a pixel
  const found = across(dark, x, y, dx / step, dy / step, 400);
  return found === null ? null : found.total / 28;
}

/** The place of (u, v), in modules, on a symbol that is seen straight from the front. */
function flatMap([first, right, below], size) {
  const span = size - 2 * CORNER;
  return (u, v) => [
    first.x + ((u - CORNER) * (right.x - first.x) + (v - CORNER) * (below.x - first.x)) / span,
    first.y + ((u - CORNER) * (right.y - first.y) + (v - CORNER) * (below.y - first.y)) / span,
  ];
}

/** How well the better of the two timing patterns fits a version: 1 is all of it. */
function timingOf(dark, corners, version) {
  const size = sizeOf(version);
  const flat = flatMap(corners, size);
  let [level, down] = [0, 0];
  for (let i = 8; i < size - 8; i += 1) {
    if (dark.at(...flat(i + 0.5, 6.5)) === (i % 2 === 0)) level += 1;
    if (dark.at(...flat(6.5, i + 0.5)) === (i % 2 === 0)) down += 1;
  }
  return Math.max(level, down) / (size - 16);
}

/** The grids that a symbol may have, by where its fourth point may be: (row, column) -> dark. */
function* gridsAt(dark, corners, version) {
  const size = sizeOf(version);
  const flat = flatMap(corners, size);
  const has = alignments(version).length > 0;
  const far = has ? size - 6.5 : size - CORNER;
  const places = has ? alignmentsNear(dark, flat, far, size) : around(far, 2, 1);
  const known = [[CORNER, CORNER], [size - CORNER, CORNER], [CORNER, size - CORNER]];
  for (const [u, v] of places) {
    const seen = mapping(
      [...known, [far, far]],
      [...corners.map(({ x, y }) => [x, y]), flat(u, v)],
    );
    yield (row, column) => dark.at(...seen(column + 0.5, row + 0.5));
  }
}

/** Points about (far, far), the nearest first. */
function around(far, reach, step) {
  const out = [];
  for (let du = -reach; du <= reach; du += step) {
    for (let dv = -reach; dv <= reach; dv += step) out.push([far + du, far + dv]);
  }
  return out.sort(([a, b], [c, d]) => Math.hypot(a - far, b - far) - Math.hypot(c - far, d - far));
}

/** Where the last alignment pattern may be, on a flat symbol: the places that look most like it. */
function alignmentsNear(dark, flat, far, size) {
  const scored = around(far, 2 + size / 8, 0.5).map(([u, v], order) => {
    let score = -order / 1e6; // between equals the nearer
    for (let r = -2; r <= 2; r += 1) {
      for (let c = -2; c <= 2; c += 1) {
        const isRing = Math.max(Math.abs(r), Math.abs(c)) === 1;
        if (dark.at(...flat(u + c, v + r)) !== isRing) score += 1;
      }
    }
    return { score, place: [u, v] };
  });
  scored.sort((a, b) => b.score - a.score);
  const best = [];
  for (const { place } of scored) {
    if (best.length === PLACES_MAX) break;
    const isNew = best.every(([u, v]) => Math.hypot(u - place[0], v - place[1]) > 1.5);
    if (isNew) best.push(place);
  }
  return [...best, [far, far]];
}

/** The projection that takes four points to four others: (u, v) -> [x, y]. */
function mapping(from, to) {
  const rows = from.flatMap(([u, v], i) => {
    const [x, y] = to[i];
    return [
      [u, v, 1, 0, 0, 0, -u * x, -v * x, x],
      [0, 0, 0, u, v, 1, -u * y, -v * y, y],
    ];
  });
  const [a, b, c, d, e, f, g, h] = solved(rows);
  return (u, v) => {
    const depth = g * u + h * v + 1;
    return [(a * u + b * v + c) / depth, (d * u + e * v + f) / depth];
  };
}

/** The unknowns of as many linear equations, each a row with its right side last. */
function solved(rows) {
  const count = rows.length;
  for (let at = 0; at < count; at += 1) {
    const steepest = rows.slice(at).reduce((m, row) => (Math.abs(row[at]) > Math.abs(m[at]) ? row : m));
    const place = rows.indexOf(steepest);
    [rows[at], rows[place]] = [rows[place], rows[at]];
    for (let r = 0; r < count; r += 1) {
      if (r === at) continue;
      const factor = rows[r][at] / rows[at][at];
      for (let k = at; k <= count; k += 1) rows[r][k] -= factor * rows[at][k];
    }
  }
  return rows.map((row, i) => row[count] / row[i]);
}
