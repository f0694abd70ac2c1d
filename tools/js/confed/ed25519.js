// Ed25519 under one verdict (specs/02, KEY-1 to KEY-4, SIG-2 to SIG-6).
//
// WebCrypto decides SIG-5 alone; every point on which libraries differ is decided before it,
// in integers. This code sees public data only, so it need not run in constant time.

import { fromHex, fromLittleEndian, toHex } from "./bytes.js";
import { refuse, Unfit } from "./errors.js";
import { KEY_CACHE_MAX } from "./limits.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const SIGN_BIT = 2n ** 255n;

const ROOT_OF_MINUS_1 = BigInt("0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0");
const D = BigInt("0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"); // -121665 / 121666

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

// --- roots in the field --------------------------------------------------------------------------

const mod = (number) => {
  const rest = number % P;
  return rest < 0n ? rest + P : rest;
};

/** number ^ ((p - 5) / 8), of which roots and residues are made; put together by runs of ones. */
function power(number) {
  const join = (high, places, low) => {
    let out = high;
    for (let i = 0; i < places; i += 1) out = (out * out) % P;
    return (out * low) % P;
  };
  const two = join(number, 1, number);
  const five = join(join(two, 2, two), 1, number);
  const ten = join(five, 5, five);
  const twenty = join(ten, 10, ten);
  const fifty = join(join(twenty, 20, twenty), 10, ten);
  const hundred = join(fifty, 50, fifty);
  return join(join(join(hundred, 100, hundred), 50, fifty), 2, number);
}

/** A square root, or null for what is no square. */
function squareRoot(number) {
  const half = (number * power(number)) % P;
  const square = (half * half) % P;
  if (square === number) return half;
  return square === P - number ? (half * ROOT_OF_MINUS_1) % P : null;
}

// --- keys ------------------------------------------------------------------------------------

// Hex of a key -> reason or null. A Map keeps the order of insertion, so the oldest goes first.
const checked = new Map();

function remember(cache, key, value) {
  if (cache.size >= KEY_CACHE_MAX) cache.delete(cache.keys().next().value);
  cache.set(key, value);
  return value;
}

// The same curve in Montgomery's form: v^2 = u^3 + A u^2 + u, with u = (1 + y) / (1 - y).
const A = 486662n;
// A v at u = 1, which is a point of order 4: its square is A + 2.
const AT_ONE = BigInt("0x6be4f497f9a9c2afc21fa77ad7f4a6ef635a11c7284a9363e9a248ef9c884415");
// Its square is (A^2 - 4) / i, where i is the root of -1.
const OTHER = BigInt("0x219fc5bc27acf1eebe25d969202ca68f9dd71ed4b851ca75a8b71277b3ba5222");

/**
 * KEY-2 and KEY-3 by four powers; a root and a multiplication by L cost three times as much. Nothing
 * here depends on the sign of x. What it rests on: specs/decisions/key-order-by-halving.md.
 */
function keyFault(key) {
  const encoded = fromLittleEndian(key);
  const y = encoded % SIGN_BIT;
  if (y >= P) return "key-encoding";
  if (y === 1n || y === P - 1n) return encoded >= SIGN_BIT ? "key-encoding" : "key-order"; // x = 0
  const above = squareRoot(mod(1n - y * y));
  const below = squareRoot(mod(1n + D * y * y));
  if ((above === null) !== (below === null)) return "key-encoding"; // x^2 = -(above / below)^2
  return above !== null && isEightfold(y, above, below) ? null : "key-order";
}

/** Whether the point is eight times another; `above` and `below` are roots of 1 - y^2, 1 + d y^2. */
function isEightfold(y, above, below) {
  // A half of it, all but t over z: w = u' + 1 / u' = 2 (u + s), t^2 = w + A, u' = u + s + sqrt(u) t.
  // One of the two s makes w + A a square; `turn`, a fourth root of 1, tells which.
  const z = 1n - y;
  const s = AT_ONE * below;
  const sum = mod(2n * (1n + y + s) + A * z);
  const product = mod(sum * z);
  const inverse = power(product);
  const turn = (((inverse * inverse) % P) * product) % P;
  const isFirst = turn === 1n || turn === P - 1n;
  const straight = turn === 1n || turn === ROOT_OF_MINUS_1 ? 1n : ROOT_OF_MINUS_1;
  const t = mod((isFirst ? sum : OTHER * z) * inverse * straight);
  const u = mod(1n + y + (isFirst ? s : -s) + above * t);
  // The half is four times another if its pairing with the point at u = 1 is a fourth power.
  const pairing = mod(u * (t - AT_ONE) ** 2n * z ** 3n);
  return (((power(pairing) ** 2n) % P) * pairing) % P === 1n;
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
  if (globalThis.crypto?.subtle === undefined) throw new Unfit("no-webcrypto");
  try {
    await globalThis.crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  } catch (error) {
    throw new Unfit("no-ed25519", error);
  }
  let taken = false;
  try {
    taken = await equationHolds(PROBE_KEY, new Uint8Array(), PROBE_SIGNATURE);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // it may refuse such a key outright
  }
  if (taken) throw new Unfit("wrong-answer"); // it verifies with the cofactor
}

/** Return if `signature` (R, S) by `key` over `message` holds; Refusal key-... or sig-... */
export async function verify(key, message, signature) {
  checkPublicKey(key);
  checkSignatureForm(signature);
  fit ??= probe();
  await fit;
  if (!(await equationHolds(key, message, signature))) refuse("sig-invalid");
}
