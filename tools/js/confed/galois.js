// Arithmetic in the field of 256 elements and Reed-Solomon codes over it, as QR symbols have them.

const EXP = new Uint8Array(510);
const LOG = new Uint8Array(256);
for (let i = 0, value = 1; i < 255; i += 1) {
  EXP[i] = EXP[i + 255] = value;
  LOG[value] = i;
  value = (value << 1) ^ (value & 0x80 ? 0x11d : 0);
}

const times = (a, b) => (a === 0 || b === 0 ? 0 : EXP[LOG[a] + LOG[b]]);
const inverse = (a) => EXP[255 - LOG[a]];

/** The value at `x` of a polynomial whose highest coefficient comes first. */
const valueAt = (polynomial, x) => polynomial.reduce((sum, one) => times(sum, x) ^ one, 0);

/** The codewords of correction for `data`. */
export function correctionOf(data, count) {
  let generator = [1];
  for (let i = 0; i < count; i += 1) {
    const next = [...generator, 0];
    generator.forEach((one, at) => {
      next[at + 1] ^= times(one, EXP[i]);
    });
    generator = next;
  }
  const rest = [...data, ...new Array(count).fill(0)];
  for (let i = 0; i < data.length; i += 1) {
    const factor = rest[i];
    for (let j = 1; j <= count; j += 1) rest[i + j] ^= times(generator[j], factor);
  }
  return rest.slice(data.length);
}

/** `words` (data, then `count` of correction) with up to count / 2 errors mended; null if more. */
export function mended(words, count) {
  const syndromes = Array.from({ length: count }, (_, i) => valueAt(words, EXP[i]));
  if (syndromes.every((one) => one === 0)) return words;
  const locator = locatorOf(syndromes);
  const errors = locator.length - 1;
  if (errors > count / 2) return null;
  const lowestFirst = [...locator].reverse();
  const out = [...words];
  const places = [];
  for (let at = 0; at < words.length; at += 1) {
    // A word that is `at` from the end is wrong where its inverse is a root of the locator.
    if (valueAt(lowestFirst, EXP[(255 - (at % 255)) % 255]) === 0) places.push(at);
  }
  if (places.length !== errors) return null;
  const evaluator = locator.map((_, i) =>
    locator.slice(0, i + 1).reduce((sum, one, j) => sum ^ times(one, syndromes[i - j] ?? 0), 0),
  ).slice(0, errors);
  for (const at of places) {
    const x = EXP[at % 255];
    const back = inverse(x);
    const above = valueAt([...evaluator].reverse(), back);
    let below = 0;
    for (let i = 1; i < locator.length; i += 2) {
      below ^= times(locator[i], EXP[(LOG[back] * (i - 1)) % 255]);
    }
    out[words.length - 1 - at] ^= times(x, times(above, inverse(below)));
  }
  return syndromes.some((_, i) => valueAt(out, EXP[i]) !== 0) ? null : out;
}

/** The error locator by Berlekamp and Massey, its lowest coefficient first. */
function locatorOf(syndromes) {
  let [current, previous] = [[1], [1]];
  let [length, gap, before] = [0, 1, 1];
  for (let i = 0; i < syndromes.length; i += 1) {
    let off = syndromes[i];
    for (let j = 1; j <= length; j += 1) off ^= times(current[j] ?? 0, syndromes[i - j]);
    if (off === 0) {
      gap += 1;
      continue;
    }
    const factor = times(off, inverse(before));
    const next = [...current];
    previous.forEach((one, j) => {
      next[j + gap] = (next[j + gap] ?? 0) ^ times(factor, one);
    });
    for (let j = 0; j < next.length; j += 1) next[j] ??= 0;
    if (2 * length <= i) {
      [previous, before, length, gap] = [current, off, i + 1 - length, 1];
    } else gap += 1;
    current = next;
  }
  while (current.length > 1 && current.at(-1) === 0) current.pop();
  return current;
}
