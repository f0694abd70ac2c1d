// SSH signatures (specs/02, SSH-1 to SSH-8): ssh-ed25519 and sk-ssh-ed25519@openssh.com.

import { bigEndian, concat, equal, fromBigEndian, toHex, utf8 } from "./bytes.js";
import { checkPublicKey, verify as verifyEd25519 } from "./ed25519.js";
import { refuse } from "./errors.js";
import { SSHSIG_MAX_BYTES } from "./limits.js";
import { sha256 } from "./sha256.js";

export const RECORD_NAMESPACE = utf8("confed-record-1");
export const FORM_SSH = 1;
export const FORM_SSH_SK = 2;

const MAGIC = utf8("SSHSIG");
const HASH = utf8("sha512");
const APPLICATION = utf8("ssh:");
const TYPES = new Map([
  [toHex(utf8("ssh-ed25519")), FORM_SSH],
  [toHex(utf8("sk-ssh-ed25519@openssh.com")), FORM_SSH_SK],
]);
const COMPACT_BYTES = new Map([[FORM_SSH, 64], [FORM_SSH_SK, 69]]);

class Reader {
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  take(length) {
    if (length > this.data.length - this.at) refuse("sshsig-form");
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }

  uint32() {
    return fromBigEndian(this.take(4));
  }

  string() {
    return this.take(this.uint32());
  }

  end() {
    if (this.at !== this.data.length) refuse("sshsig-form");
  }
}

/** {form, key, namespace, signature (compact)} of an SSHSIG blob, unverified (SSH-3). */
export function parse(blob) {
  if (blob.length > SSHSIG_MAX_BYTES) refuse("sshsig-form");
  if (!equal(blob.subarray(0, MAGIC.length), MAGIC)) refuse("sshsig-magic");
  const reader = new Reader(blob);
  reader.take(MAGIC.length);
  if (reader.uint32() !== 1) refuse("sshsig-version");
  const { form, key } = parseKey(reader.string());
  const namespace = reader.string();
  if (namespace.length === 0) refuse("sshsig-namespace");
  if (reader.string().length > 0) refuse("sshsig-form");
  if (!equal(reader.string(), HASH)) refuse("sshsig-hash");
  const signature = parseSignature(form, reader.string());
  reader.end();
  return { form, key, namespace, signature };
}

function parseKey(blob) {
  const reader = new Reader(blob);
  const form = TYPES.get(toHex(reader.string()));
  if (form === undefined) refuse("sshsig-key");
  const key = reader.string();
  if (key.length !== 32) refuse("sshsig-key");
  if (form === FORM_SSH_SK && !equal(reader.string(), APPLICATION)) refuse("sshsig-key");
  reader.end();
  return { form, key };
}

function parseSignature(form, blob) {
  const reader = new Reader(blob);
  if (TYPES.get(toHex(reader.string())) !== form) refuse("sshsig-form");
  const signature = reader.string();
  if (signature.length !== 64) refuse("sshsig-form");
  const tail = form === FORM_SSH_SK ? reader.take(5) : new Uint8Array();
  reader.end();
  return concat(signature, tail);
}

/** Return if `blob` is an SSHSIG by `key` in `namespace` over `message` (SSH-4). */
export async function verify(key, namespace, message, blob) {
  const parsed = parse(blob);
  if (!equal(parsed.key, key)) refuse("sshsig-key");
  if (!equal(parsed.namespace, namespace)) refuse("sshsig-namespace");
  await verifyCompact(key, parsed.form, namespace, message, parsed.signature);
}

/** Return if the compact `signature` of this `form` by `key` holds (SIG-1, SSH-5 to SSH-7). */
export async function verifyCompact(key, form, namespace, message, signature) {
  if (!COMPACT_BYTES.has(form)) refuse("sig-form");
  checkPublicKey(key);
  if (signature.length !== COMPACT_BYTES.get(form)) refuse("sig-length");
  const signed = await preimage(namespace, message);
  if (form === FORM_SSH) {
    await verifyEd25519(key, signed, signature);
    return;
  }
  const tail = signature.subarray(64);
  if ((tail[0] & 1) === 0) refuse("sshsig-flags");
  const fido = concat(sha256(APPLICATION), tail, sha256(signed));
  await verifyEd25519(key, fido, signature.subarray(0, 64));
}

const string = (data) => concat(bigEndian(data.length, 4), data);

async function preimage(namespace, message) {
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest("SHA-512", message));
  const fields = [namespace, new Uint8Array(), HASH, digest];
  return concat(MAGIC, ...fields.map(string));
}
