// The operations of the conformance driver: a request object in, a reply object out.

import { actFile, decodeAsk, encodeAsk, linkOf, ofLink } from "./ask.js";
import { decodeContainer, openAll, rootsOf } from "./bundle.js";
import { fromHex, toHex, utf8 } from "./bytes.js";
import { councilOf } from "./council.js";
import * as codec from "./codec.js";
import * as ed25519 from "./ed25519.js";
import { Refusal, refuse } from "./errors.js";
import { openHead } from "./head.js";
import { verify } from "./judge.js";
import { SHARE_MAX, TIME_MAX_S } from "./limits.js";
import { leafHash, verifyConsistency, verifyInclusion } from "./merkle.js";
import { transcript } from "./noise.js";
import { open } from "./record.js";
import { encodeRequest, withSignature } from "./signrequest.js";
import * as sshsig from "./sshsig.js";
import { count, VALUES } from "./tally.js";
import { DECODERS } from "./text.js";

const NAME = "confed-verifier-js";
const VERSION = "0.1.0";

// --- fields of a request ---------------------------------------------------------------------

function checked(value, holds) {
  if (!holds) refuse("bad-request");
  return value;
}

const string = (value) => checked(value, typeof value === "string");
const integer = (value) => checked(value, Number.isInteger(value));
const array = (value) => checked(value, Array.isArray(value));
const object = (value) =>
  checked(value, typeof value === "object" && value !== null && !Array.isArray(value));
const hex = (value) => checked(fromHex(string(value)), fromHex(value) !== null);
const hexes = (value) => array(value).map(hex);
const hash = (value) => checked(hex(value), value.length === 64);
/** [envelope, part or null] of an envelope, or of both. */
const bare = (row) => {
  if (!Array.isArray(row)) return [hex(row), null];
  return checked(row, row.length === 2).map(hex);
};
const network = (value) => checked(hex(value), value.length === 64);

// --- tagged values ---------------------------------------------------------------------------

const DECIMAL = /^(0|-?[1-9][0-9]*)$/;
const DECIMAL_MAX_CHARS = 24; // more digits are out of range, whatever they say

/** The value that ["i","-5"], ["b",true], ["s",..], ["x",hex], ["a",[..]] or ["m",..] names. */
function untag(tagged) {
  const [tag, inner] = checked(array(tagged), tagged.length === 2);
  string(tag);
  switch (tag) {
    case "i":
      checked(inner, typeof inner === "string" && DECIMAL.test(inner));
      return BigInt(inner.slice(0, DECIMAL_MAX_CHARS));
    case "b":
      return checked(inner, typeof inner === "boolean");
    case "s":
      return string(inner);
    case "x":
      return hex(inner);
    case "a":
      return array(inner).map(untag);
    case "m":
      return untagMap(array(inner));
    default:
      return refuse("enc-type");
  }
}

function untagMap(entries) {
  const out = new Map();
  for (const entry of entries) {
    const [key, value] = checked(array(entry), entry.length === 2);
    if (out.has(string(key))) refuse("enc-key-duplicate");
    out.set(key, untag(value));
  }
  return out;
}

function tag(value) {
  if (typeof value === "number") return ["i", String(value)];
  if (typeof value === "boolean") return ["b", value];
  if (typeof value === "string") return ["s", value];
  if (value instanceof Uint8Array) return ["x", toHex(value)];
  if (Array.isArray(value)) return ["a", value.map(tag)];
  return ["m", [...value].map(([key, item]) => [key, tag(item)])];
}

/** `value` with every Uint8Array in it as hex. */
function plain(value) {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

/** A quorum [a, b] with 0 <= a < b, or what stands without one. */
function share(value, otherwise) {
  if (value === undefined) return otherwise;
  const [part, whole, ...more] = array(value);
  const holds = [part, whole].every(Number.isInteger) && more.length === 0;
  checked(value, holds && part >= 0 && part < whole && whole <= SHARE_MAX);
  return [BigInt(part), BigInt(whole)];
}

/** A unit whose fields have their types; whether its numbers are in range says `count`. */
function unit(fields) {
  const { weight, yes, no, valid, value, silent = false, cast, roll } = object(fields);
  const isNumber = (number) => typeof number === "number";
  checked(silent, typeof silent === "boolean");
  checked(weight, isNumber(weight));
  checked(yes, isNumber(yes) || (silent && yes === undefined));
  checked(no, isNumber(no) || (silent && no === undefined));
  checked(valid, isNumber(valid) || valid === undefined);
  checked(value, value === undefined || VALUES.includes(value));
  checked(cast, isNumber(cast) || cast === undefined);
  checked(roll, isNumber(roll) || roll === undefined);
  return { weight, yes: yes ?? 0, no: no ?? 0, valid, value, silent, cast, roll };
}

// --- operations ------------------------------------------------------------------------------

const OPS = {
  decode: (request) => ({ value: tag(codec.decode(hex(request.in))) }),

  encode: (request) => ({ out: toHex(codec.encode(untag(request.value))) }),

  async verify(request) {
    const [key, message, signature] = [request.key, request.msg, request.sig].map(hex);
    await ed25519.verify(key, message, signature);
    return {};
  },

  async sshsig(request) {
    const [key, message, blob] = [request.key, request.msg, request.sig].map(hex);
    const namespace = checked(string(request.namespace), !/\p{Surrogate}/u.test(request.namespace));
    await sshsig.verify(key, utf8(namespace), message, blob);
    return {};
  },

  async record(request) {
    const part = request.part === undefined ? null : hex(request.part);
    const record = await open(network(request.net), hex(request.in), part);
    return {
      record: toHex(record.id),
      signers: record.signers.map(toHex),
      kind: record.kind,
      council: toHex(record.council),
    };
  },

  inclusion(request) {
    const [leaf, root, path] = [hex(request.leaf), hex(request.root), hexes(request.path)];
    const [index, size] = [integer(request.index), integer(request.size)];
    verifyInclusion(leafHash(leaf), index, size, root, path);
    return {};
  },

  consistency(request) {
    const [oldSize, newSize] = [integer(request.old_size), integer(request.new_size)];
    const [oldRoot, newRoot] = [hex(request.old_root), hex(request.new_root)];
    verifyConsistency(oldSize, oldRoot, newSize, newRoot, hexes(request.path));
    return {};
  },

  async head(request) {
    return plain(await openHead(network(request.net), hex(request.key), hex(request.in)));
  },

  /** Not of the driver: what a `.confed` file holds; each record and path in it holds. */
  async container(request) {
    const bundle = decodeContainer(hex(request.in));
    const records = await openAll(bundle);
    return plain({
      kind: bundle.kind,
      network: bundle.network,
      subject: bundle.subject,
      records: records.map((record) => record.id),
      roots: rootsOf(bundle),
    });
  },

  /** Not of the driver: an act request, and with a signature of it the answer (ASK). */
  async ask(request) {
    const data = request.link === undefined ? hex(request.in) : ofLink(string(request.link));
    if (data === null) refuse("text-scheme");
    const asked = await decodeAsk(data);
    const { verdict, reason } = asked.report;
    if (request.signer === undefined) return { verdict, reason, record: toHex(asked.request.id) };
    const [signer, signature] = [hex(request.signer), hex(request.sig)];
    const signed = await withSignature(asked.request, signer, 0, signature);
    const file = await actFile({ ...asked, request: signed });
    const ask = encodeAsk({ ...asked, request: signed });
    const answer = {
      request: toHex(encodeRequest(signed)),
      file: file && toHex(file),
      ask: toHex(ask),
      link: linkOf(ask),
    };
    return { verdict, reason, record: toHex(signed.id), ...answer };
  },

  async bundle(request) {
    const [files, trust] = [hexes(request.files), hexes(request.trust)];
    const at = integer(request.at);
    const known = trust.every((council) => council.length === 32);
    checked(at, files.length > 0 && known && at >= 0 && at <= TIME_MAX_S);
    const { verdict, reason } = await verify(files, trust, at);
    return { verdict, reason };
  },

  async council(request) {
    const [council, now] = [hash(request.council), integer(request.now)];
    checked(now, now >= 0 && now <= TIME_MAX_S);
    const rows = array(request.logs).map((row) => ({
      council: hash(object(row).council),
      key: hash(row.key),
      leaves: array(row.leaves).map(bare),
    }));
    const { chain, carried, logs } = await councilOf(network(request.net), council, rows);
    checked(chain, chain !== undefined);
    const { node, nodes, charters } = chain.authority;
    const charter = charters.at(-1)?.body ?? null;
    return plain({
      state: chain.stateAt(now),
      version: charters.length,
      threshold: charter?.get("threshold") ?? null,
      keys: charter?.get("keys") ?? [],
      number: nodes.length,
      node: node?.key ?? null,
      refused: logs.flatMap(({ faults }, place) =>
        faults.flatMap((fault, index) => (fault === null ? [] : [[place, index, fault]])),
      ),
      carried: carried
        .map(({ log, index, carrier }) => [
          logs.findIndex(({ id }) => id === log),
          index,
          chain.carried.get(toHex(carrier)) ?? null,
        ])
        .sort(([a, i], [b, j]) => a - b || i - j),
    });
  },

  text(request) {
    const decoder = DECODERS.get(string(request.kind));
    checked(decoder, decoder !== undefined);
    return { value: plain(decoder(string(request.in))) };
  },

  count: (request) =>
    count(string(request.rule), array(request.units).map(unit), {
      quorum: share(request.quorum),
      peopleQuorum: share(request.people_quorum),
    }),

  noise(request) {
    const keys = {
      prologue: hex(request.prologue),
      initStatic: hex(request.init_static),
      respStatic: hex(request.resp_static),
      initEphemeral: hex(request.init_ephemeral),
      respEphemeral: hex(request.resp_ephemeral),
    };
    const { messages, hash } = transcript(keys, hexes(request.payloads));
    return { messages: messages.map(toHex), handshake_hash: toHex(hash) };
  },
};

const HELLO = { name: NAME, version: VERSION, ops: Object.keys(OPS) };

/** The reply to one request; only a bug or an unfit platform makes it throw. */
export async function handle(request) {
  const id = request?.id ?? null;
  try {
    const op = string(object(request).op);
    if (op === "hello") return { id, ok: true, ...HELLO };
    if (!Object.hasOwn(OPS, op)) refuse("unsupported-op");
    const result = await OPS[op](request);
    // A record's own id has a field of its own, since `id` is the request's, if it has one.
    return { id: id ?? result.record ?? null, ok: true, ...result };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { id, ok: false, why: error.reason };
  }
}

/** The same over one line of JSON each. */
export async function handleLine(line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch {
    request = null; // which is no request
  }
  return JSON.stringify(await handle(request));
}
