// Ed25519 under one verdict (specs/02, KEY-1 to KEY-4, SIG-2 to SIG-6).
//
// WebCrypto decides SIG-5 alone; every point on which libraries differ is decided before it,
// in integers. This code sees public data only, so it need not run in constant time.

import { fromHex, fromLittleEndian, toHex } from "./bytes.js";
import { refuse } from "./errors.js";
import { KEY_CACHE_MAX } from "./limits.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const SIGN_BIT = 2n ** 255n;

const mod = (number) => {
  const rest = number % P;
  return rest < 0n ? rest + P : rest;
};

function power(base, exponent) {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const DOUBLE_D = mod(2n * D);
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

// The ten encodings with y < p of the points whose order divides 8 (SIG-4), sign bit 0 and 1.
const SMALL_ORDER = new Set(
  [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ].flatMap((y) => {
    const signed = fromHex(y);
    signed[31] |= 0x80;
    return [y, toHex(signed)];
  }),
);

// --- points, in extended coordinates [X, Y, Z, T] (RFC 8032, section 5.1.4) ------------------

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = ((y1 - x1) * (y2 - x2)) % P;
  const b = ((y1 + x1) * (y2 + x2)) % P;
  const c = (DOUBLE_D * ((t1 * t2) % P)) % P;
  const d = (2n * z1 * z2) % P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [(e * f) % P, (g * h) % P, (f * g) % P, (e * h) % P];
}

/** Twice a point; its T only where an addition follows, for nothing else asks for it. */
function double([x, y, z], withT) {
  const a = (x * x) % P;
  const b = (y * y) % P;
  const e = ((x + y) * (x + y) - a - b) % P;
  const g = b - a;
  const f = g - ((2n * z * z) % P);
  const h = -a - b;
  return [(e * f) % P, (g * h) % P, (f * g) % P, withT ? (e * h) % P : 0n];
}

function isMultipleOfIdentity(scalar, point) {
  let sum = point;
  for (const bit of scalar.toString(2).slice(1)) {
    sum = double(sum, bit === "1");
    if (bit === "1") sum = add(sum, point);
  }
  return mod(sum[0]) === 0n && mod(sum[1] - sum[2]) === 0n;
}

/** The x with the sign bit `sign` of the point with this y, or null (RFC 8032, 5.1.3). */
function recoverX(y, sign) {
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = (u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n)) % P;
  const square = (v * x * x) % P;
  if (square === mod(-u)) x = (x * ROOT_OF_MINUS_1) % P;
  else if (square !== u) return null;
  if (x === 0n && sign) return null;
  return (x & 1n) === (sign ? 1n : 0n) ? x : P - x;
}

// --- keys ------------------------------------------------------------------------------------

// Hex of a key -> reason or null. A Map keeps the order of insertion, so the oldest goes first.
const checked = new Map();

function remember(cache, key, value) {
  if (cache.size >= KEY_CACHE_MAX) cache.delete(cache.keys().next().value);
  cache.set(key, value);
  return value;
}

function keyFault(key) {
  const encoded = fromLittleEndian(key);
  const y = encoded % SIGN_BIT;
  if (y >= P) return "key-encoding";
  const x = recoverX(y, encoded >= SIGN_BIT);
  if (x === null) return "key-encoding";
  if (x === 0n && y === 1n) return "key-order";
  return isMultipleOfIdentity(L, [x, y, 1n, (x * y) % P]) ? null : "key-order";
}

/** Return if `key` is the one encoding of a point of order L; Refusal key-... otherwise. */
export function checkPublicKey(key) {
  if (key.length !== 32) refuse("key-length");
  const name = toHex(key);
  const fault = checked.has(name) ? checked.get(name) : remember(checked, name, keyFault(key));
  if (fault !== null) refuse(fault);
}

// --- signatures ------------------------------------------------------------------------------

/** SIG-2 to SIG-4: all that is decided before the equation. Refusal sig-... */
export function checkSignatureForm(signature) {
  if (signature.length !== 64) refuse("sig-length");
  if (fromLittleEndian(signature.subarray(32)) >= L) refuse("sig-scalar");
  const point = signature.subarray(0, 32);
  if (fromLittleEndian(point) % SIGN_BIT >= P || SMALL_ORDER.has(toHex(point))) {
    refuse("sig-point");
  }
}

// Hex of a key -> its CryptoKey.
const imported = new Map();

async function equationHolds(key, message, signature) {
  const name = toHex(key);
  const subtle = globalThis.crypto.subtle;
  const cryptoKey =
    imported.get(name) ??
    remember(imported, name, await subtle.importKey("raw", key, "Ed25519", false, ["verify"]));
  return subtle.verify("Ed25519", cryptoKey, signature, message);
}

// This signature holds only after a multiplication by the cofactor (SIG-6).
const PROBE_KEY = fromHex("a3db57cff42ca591de1e207c70f7037534d8da5ba0e2a7e56474778f4526730e");
const PROBE_SIGNATURE = fromHex(
  "87776d264d9fd735a8edb45dda992a5eadacdcaca90fc28975b1d93f3bf893d0" +
    "a2c7e98aa44ab5005075258fa8af90b3b9c1e597301ae2775499fbd45b6f1906",
);
let fit;

async function probe() {
  if (globalThis.crypto?.subtle === undefined) throw new Error("no WebCrypto here");
  // Throws where Ed25519 is missing at all, which no verdict may hide.
  const pair = await globalThis.crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  if (!pair.publicKey) throw new Error("this WebCrypto has no Ed25519");
  let taken = false;
  try {
    taken = await equationHolds(PROBE_KEY, new Uint8Array(), PROBE_SIGNATURE);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // it may refuse such a key outright
  }
  if (taken) throw new Error("this WebCrypto verifies Ed25519 with the cofactor");
}

/** Return if `signature` (R, S) by `key` over `message` holds; Refusal key-... or sig-... */
export async function verify(key, message, signature) {
  checkPublicKey(key);
  checkSignatureForm(signature);
  fit ??= probe();
  await fit;
  if (!(await equationHolds(key, message, signature))) refuse("sig-invalid");
}
