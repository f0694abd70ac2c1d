// Noise_XK_25519_ChaChaPoly_SHA256: one side of a handshake, and both played here to compare
// transcripts (specs/09, CHN-1, CHN-10). For checking other implementations: it runs in variable
// time and must not be given keys that protect anything.

import { concat, equal, fromLittleEndian, littleEndian, utf8 } from "./bytes.js";
import { refuse } from "./errors.js";
import { MESSAGE_MAX_BYTES, REKEY_AFTER_MESSAGES } from "./limits.js";
import { hmac, sha256 } from "./sha256.js";

const PROTOCOL = utf8("Noise_XK_25519_ChaChaPoly_SHA256");
const EMPTY = new Uint8Array();
const TAG_BYTES = 16;
const REKEY_NONCE = 2n ** 64n - 1n;

// --- X25519 (RFC 7748) -----------------------------------------------------------------------

const P = 2n ** 255n - 19n;
const BASE_POINT = littleEndian(9n, 32);

function inverse(number) {
  let result = 1n;
  for (let square = number % P, rest = P - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/** The X25519 function of a private key and a u-coordinate, 32 bytes each. */
export function x25519(privateKey, u) {
  const clamped = privateKey.slice();
  clamped[0] &= 248;
  clamped[31] = (clamped[31] & 127) | 64;
  const scalar = fromLittleEndian(clamped);
  const x1 = (fromLittleEndian(u) % 2n ** 255n) % P;
  let [x2, z2, x3, z3] = [1n, 0n, x1, 1n];
  let swapped = 0n;
  for (let bit = 254n; bit >= 0n; bit -= 1n) {
    const set = (scalar >> bit) & 1n;
    if (set !== swapped) [x2, z2, x3, z3] = [x3, z3, x2, z2];
    swapped = set;
    const aa = (x2 + z2) ** 2n % P;
    const bb = (x2 - z2) ** 2n % P;
    const da = ((x3 - z3) * (x2 + z2)) % P;
    const cb = ((x3 + z3) * (x2 - z2)) % P;
    x3 = (da + cb) ** 2n % P;
    z3 = (x1 * ((da - cb) ** 2n % P)) % P;
    x2 = (aa * bb) % P;
    z2 = ((aa - bb) * (aa + 121665n * (aa - bb))) % P;
  }
  if (swapped) [x2, z2] = [x3, z3];
  const result = (x2 * inverse(((z2 % P) + P) % P)) % P;
  return littleEndian((result + P) % P, 32);
}

export const publicKey = (privateKey) => x25519(privateKey, BASE_POINT);

// --- ChaCha20-Poly1305 (RFC 8439) --------------------------------------------------------------

const rotate = (word, by) => (word << by) | (word >>> (32 - by));

function quarter(s, a, b, c, d) {
  s[a] += s[b];
  s[d] = rotate(s[d] ^ s[a], 16);
  s[c] += s[d];
  s[b] = rotate(s[b] ^ s[c], 12);
  s[a] += s[b];
  s[d] = rotate(s[d] ^ s[a], 8);
  s[c] += s[d];
  s[b] = rotate(s[b] ^ s[c], 7);
}

function chachaBlock(key, counter, nonce) {
  const start = new Uint32Array(16);
  const words = (data) => {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return Array.from({ length: data.length / 4 }, (_, i) => view.getUint32(4 * i, true));
  };
  const head = [...words(utf8("expand 32-byte k")), ...words(key), counter, ...words(nonce)];
  start.set(head);
  const s = start.slice();
  for (let round = 0; round < 10; round += 1) {
    quarter(s, 0, 4, 8, 12);
    quarter(s, 1, 5, 9, 13);
    quarter(s, 2, 6, 10, 14);
    quarter(s, 3, 7, 11, 15);
    quarter(s, 0, 5, 10, 15);
    quarter(s, 1, 6, 11, 12);
    quarter(s, 2, 7, 8, 13);
    quarter(s, 3, 4, 9, 14);
  }
  const out = new Uint8Array(64);
  const view = new DataView(out.buffer);
  s.forEach((word, i) => view.setUint32(4 * i, word + start[i], true));
  return out;
}

function chacha(key, nonce, data) {
  const out = data.slice();
  for (let at = 0; at < out.length; at += 64) {
    const stream = chachaBlock(key, 1 + at / 64, nonce);
    for (let i = at; i < Math.min(at + 64, out.length); i += 1) out[i] ^= stream[i - at];
  }
  return out;
}

function poly1305(key, data) {
  const prime = 2n ** 130n - 5n;
  const r = fromLittleEndian(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < data.length; at += 16) {
    const block = concat(data.subarray(at, at + 16), [1]);
    sum = ((sum + fromLittleEndian(block)) * r) % prime;
  }
  return littleEndian((sum + fromLittleEndian(key.subarray(16, 32))) % 2n ** 128n, 16);
}

function tag(key, nonce, associated, ciphertext) {
  const padding = (data) => new Uint8Array((16 - (data.length % 16)) % 16);
  const sealed = concat(
    ...[associated, padding(associated), ciphertext, padding(ciphertext)],
    littleEndian(BigInt(associated.length), 8),
    littleEndian(BigInt(ciphertext.length), 8),
  );
  return poly1305(chachaBlock(key, 0, nonce), sealed);
}

/** One key and its counter; the key is replaced as CHN-10 says. */
class CipherState {
  constructor(key) {
    this.key = key;
    this.count = 0;
  }

  nonce(count) {
    return concat(new Uint8Array(4), littleEndian(BigInt(count), 8));
  }

  encrypt(plaintext, associated = EMPTY) {
    const nonce = this.nonce(this.count);
    const ciphertext = chacha(this.key, nonce, plaintext);
    const sealed = concat(ciphertext, tag(this.key, nonce, associated, ciphertext));
    this.advance();
    return sealed;
  }

  decrypt(sealed, associated, reason) {
    const nonce = this.nonce(this.count);
    const ciphertext = sealed.slice(0, -TAG_BYTES);
    const expected = tag(this.key, nonce, associated, ciphertext);
    if (!equal(expected, sealed.subarray(ciphertext.length))) refuse(reason);
    const plaintext = chacha(this.key, nonce, ciphertext);
    this.advance();
    return plaintext;
  }

  advance() {
    this.count += 1;
    if (this.count % REKEY_AFTER_MESSAGES === 0) {
      this.key = chacha(this.key, this.nonce(REKEY_NONCE), new Uint8Array(32));
    }
  }
}

// --- the handshake ---------------------------------------------------------------------------

function hkdf(chain, secret) {
  const temporary = hmac(chain, secret);
  const first = hmac(temporary, [1]);
  return [first, hmac(temporary, first, [2])];
}

/** One side of a handshake; `keys` are its private {s, e}, `remote` what it knows of the other's {s, e}. */
export class Side {
  constructor(prologue, responderStatic, keys, remote) {
    this.keys = keys;
    this.remote = remote;
    this.chain = PROTOCOL;
    this.hash = PROTOCOL;
    this.cipher = null;
    this.mixHash(prologue);
    this.mixHash(responderStatic);
  }

  mixHash(data) {
    this.hash = sha256(this.hash, data);
  }

  exchange(mine, theirs) {
    const secret = x25519(this.keys[mine], this.remote[theirs]);
    if (secret.every((byte) => byte === 0)) refuse("channel-key");
    const [chain, key] = hkdf(this.chain, secret);
    this.chain = chain;
    this.cipher = new CipherState(key);
  }

  seal(plaintext) {
    const sealed = this.cipher.encrypt(plaintext, this.hash);
    this.mixHash(sealed);
    return sealed;
  }

  open(sealed) {
    const plaintext = this.cipher.decrypt(sealed, this.hash, "channel-handshake");
    this.mixHash(sealed);
    return plaintext;
  }

  /** Write a message that carries the key `letter` and makes the exchange `mine`, `theirs`. */
  write(letter, mine, theirs, payload) {
    let carried = publicKey(this.keys[letter]);
    if (letter === "e") this.mixHash(carried);
    else carried = this.seal(carried);
    this.exchange(mine, theirs);
    return concat(carried, this.seal(payload));
  }

  read(letter, mine, theirs, message) {
    const end = letter === "e" ? 32 : 32 + TAG_BYTES;
    const carried = message.slice(0, end);
    if (letter === "e") {
      this.remote.e = carried;
      this.mixHash(carried);
    } else {
      this.remote.s = this.open(carried);
    }
    this.exchange(mine, theirs);
    return this.open(message.slice(end));
  }

  split() {
    return hkdf(this.chain, EMPTY).map((key) => new CipherState(key));
  }
}

/** Each message: the key that it carries, then the exchange (initiator's key, responder's key). */
export const PATTERN = [
  ["e", "e", "s"],
  ["e", "e", "e"],
  ["s", "s", "e"],
];

/**
 * {messages, hash}: what crosses the wire when both sides are played over `payloads`. `given` are
 * the prologue and the four private keys, 32 bytes each; Refusal channel-key, channel-frame.
 */
export function transcript(given, payloads) {
  const { prologue, initStatic, respStatic, initEphemeral, respEphemeral } = given;
  const privateKeys = [initStatic, respStatic, initEphemeral, respEphemeral];
  if (privateKeys.some((key) => key.length !== 32)) refuse("channel-key");
  if (payloads.some((payload) => payload.length > MESSAGE_MAX_BYTES)) refuse("channel-frame");
  const known = publicKey(respStatic);
  const sides = [
    new Side(prologue, known, { s: initStatic, e: initEphemeral }, { s: known }),
    new Side(prologue, known, { s: respStatic, e: respEphemeral }, {}),
  ];
  const messages = [];
  payloads.slice(0, PATTERN.length).forEach((payload, i) => {
    const [letter, initiators, responders] = PATTERN[i];
    const [writer, reader] = i % 2 === 0 ? sides : [sides[1], sides[0]];
    const pair = i % 2 === 0 ? [initiators, responders] : [responders, initiators];
    const message = writer.write(letter, ...pair, payload);
    const read = reader.read(letter, pair[1], pair[0], message);
    if (!equal(read, payload)) refuse("channel-handshake");
    messages.push(message);
  });
  if (payloads.length > PATTERN.length) {
    const sending = sides[0].split();
    payloads.slice(PATTERN.length).forEach((payload, i) => {
      messages.push(sending[(i + PATTERN.length) % 2].encrypt(payload));
    });
  }
  return { messages, hash: sides[0].hash };
}
