// The Merkle tree of RFC 6962 and the checks of its proofs (specs/03, MRK-1 to MRK-8).

import { equal } from "./bytes.js";
import { refuse } from "./errors.js";
import { LOG_MAX_SIZE } from "./limits.js";
import { sha256 } from "./sha256.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const EMPTY_ROOT = sha256();

// Sizes reach 2^40, beyond JavaScript's 32-bit shifts.
const half = (number) => Math.floor(number / 2);
const isOdd = (number) => number % 2 === 1;

export const leafHash = (leaf) => sha256(LEAF, leaf);
export const nodeHash = (left, right) => sha256(NODE, left, right);

/** The root over a list of leaf hashes (MRK-2). */
export function rootOf(hashes) {
  if (hashes.length === 0) return EMPTY_ROOT;
  if (hashes.length === 1) return hashes[0];
  let k = 1;
  while (2 * k < hashes.length) k *= 2;
  return nodeHash(rootOf(hashes.slice(0, k)), rootOf(hashes.slice(k)));
}

/** Return if `path` leads from the leaf hash to `root` (MRK-5); Refusal log-index, proof-... */
export function verifyInclusion(leaf, index, size, root, path) {
  const reached = inclusionRoot(leaf, index, size, path);
  checkLengths(root);
  if (!equal(reached, root)) refuse("proof-root");
}

/** The root that `path` leads to from the leaf hash (MRK-5); Refusal log-index, proof-length. */
export function inclusionRoot(leaf, index, size, path) {
  if (!(index >= 0 && index < size && size <= LOG_MAX_SIZE)) refuse("log-index");
  checkLengths(leaf, ...path);
  const walk = new Walk(index, size - 1);
  let hash = leaf;
  for (const sibling of path) {
    hash = walk.step() ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  }
  walk.end();
  return hash;
}

/** Return if `path` shows that the new tree begins with the old one (MRK-6, MRK-7). */
export function verifyConsistency(oldSize, oldRoot, newSize, newRoot, path) {
  if (!(oldSize >= 0 && oldSize <= newSize && newSize <= LOG_MAX_SIZE)) refuse("log-index");
  checkLengths(oldRoot, newRoot, ...path);
  if (oldSize === 0 || oldSize === newSize) {
    if (path.length > 0) refuse("proof-length");
    if (oldSize === 0 && !equal(oldRoot, EMPTY_ROOT)) refuse("proof-root");
    if (oldSize === newSize && !equal(oldRoot, newRoot)) refuse("proof-root");
    return;
  }
  // Climb to the largest complete subtree at the end of the old tree: the path begins there,
  // and with the old root itself, left out, if that subtree is the whole old tree.
  let [at, last] = [oldSize - 1, newSize - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  const siblings = [...path];
  const start = at === 0 ? oldRoot : siblings.shift();
  if (start === undefined) refuse("proof-length");
  const walk = new Walk(at, last);
  let [older, newer] = [start, start];
  for (const sibling of siblings) {
    if (walk.step()) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
    } else {
      newer = nodeHash(newer, sibling);
    }
  }
  walk.end();
  if (!equal(older, oldRoot) || !equal(newer, newRoot)) refuse("proof-root");
}

/** The way of one node from the leaves' level to the root. */
class Walk {
  constructor(at, last) {
    this.at = at;
    this.last = last;
  }

  /** Go to the next node that is hashed; true if its last sibling stands on the left. */
  step() {
    if (this.last === 0) refuse("proof-length");
    const left = isOdd(this.at) || this.at === this.last;
    // A node at the right edge without a sibling is carried up to where it has one.
    while (left && !isOdd(this.at) && this.at > 0) this.up();
    this.up();
    return left;
  }

  up() {
    this.at = half(this.at);
    this.last = half(this.last);
  }

  end() {
    if (this.last > 0) refuse("proof-length");
  }
}

function checkLengths(...hashes) {
  if (hashes.some((hash) => hash.length !== 32)) refuse("proof-length");
}
