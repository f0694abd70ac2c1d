// Mutated, random and huge inputs for every parser here: anything but an answer or a Refusal is a bug.
//
//   node tools/js/fuzz.js [--seconds 60 | --executions 20000] [--seed N] [--target NAME]
//
// Prints one line a target; exit 1 with target, seed and input in hex at the first that fails: another
// error, or more than SLOW_MS of processor time. A hang is for the caller's clock.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { askIn } from "./confed/actpage.js";
import { decodeAsk, encodeAsk, ofLink } from "./confed/ask.js";
import { decodeBrief, isBrief } from "./confed/brief.js";
import { decodeContainer } from "./confed/bundle.js";
import { concat, fromHex, toHex, utf8 } from "./confed/bytes.js";
import { Channel } from "./confed/channel.js";
import { decode, encode } from "./confed/codec.js";
import { Refusal } from "./confed/errors.js";
import { verify } from "./confed/judge.js";
import { KNOWN_AT, KNOWN_FILE } from "./confed/known.js";
import { handleLine } from "./confed/ops.js";
import { filesIn } from "./confed/page.js";
import { encodeParts } from "./confed/parts.js";
import { qrTextsIn } from "./confed/qrfind.js";
import { qrModules } from "./confed/qrwrite.js";
import { decodeRequest } from "./confed/signrequest.js";
import { parse } from "./confed/sshsig.js";
import { DECODERS, encodeArmor } from "./confed/text.js";

const SLOW_MS = 4000; // far above what any input takes, so that a busy machine passes
const INPUT_MAX = 70000;
const EDGES = fromHex("00011f207f808f909fa0bfc0c1c2c3c4c5c6c7cacbcccfd0d3d9dadbdcdddedfe0ff");

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string" },
    executions: { type: "string" },
    seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
    target: { type: "string" },
  },
});

// --- inputs ------------------------------------------------------------------------------------

/** Numbers below `below`, the same for the same seed (mulberry32). */
function source(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function mutate(random, corpus) {
  const pick = (list) => list[random(list.length)];
  let data = Uint8Array.from(pick(corpus));
  const edits = pick([1, 1, 1, 2, 3, 5]);
  for (let i = 0; i < edits; i += 1) {
    const at = random(data.length + 1);
    const [before, after] = [data.subarray(0, at), data.subarray(at)];
    const span = after.subarray(0, pick([1, 1, 2, 4, 8, 32, 64]));
    const other = pick(corpus);
    const from = random(other.length + 1);
    data = [
      () => concat(before, after.map((byte, k) => (k === 0 ? byte ^ (1 << random(8)) : byte))),
      () => concat(before, [pick(EDGES)], after.subarray(1)),
      () => concat(before, Uint8Array.from({ length: pick([1, 4, 16]) }, () => random(256)), after),
      () => concat(before, after.subarray(span.length)),
      () => concat(before, ...Array(pick([1, 2, 16, 256])).fill(span), after),
      () => before.slice(),
      () => concat(before, other.subarray(from)),
    ][random(7)]();
  }
  return data.subarray(0, INPUT_MAX);
}

/** What is large, deep or long, for every parser once. */
function* huge() {
  const fill = (size, ...bytes) => {
    const out = new Uint8Array(size);
    out.set(bytes);
    for (let done = bytes.length; done < size; done *= 2) out.copyWithin(done, 0, done);
    return out;
  };
  const size = 5 * 2 ** 20;
  for (const bytes of [[0x91], [0x81, 0xa1, 0x61], [0xdd, 0, 0, 4, 0], [0xc6, 255, 255, 255, 255]]) {
    yield fill(size, ...bytes);
  }
  for (const text of ["A", "\n", " ", "-", "CONFED:PART/", "CONFED:BUNDLE/A\n", "cfr1", "#ask=A", "1:"]) {
    yield fill(size, ...utf8(text));
  }
  yield concat(utf8("-----BEGIN CONFED BUNDLE-----\n"), fill(size, ...utf8(`${"A".repeat(64)}\n`)));
  yield concat(fromHex("93a6636f6e66656401"), fill(size, 0x84));
  yield utf8(`[${'{"op":'.repeat(200000)}`);
}

// --- targets -----------------------------------------------------------------------------------

const refusing = (work) => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return null;
  }
};

const known = Uint8Array.from(atob(KNOWN_FILE), (one) => one.charCodeAt(0));
const vectors = (op) =>
  JSON.parse(readFileSync(new URL(`../../specs/vectors/${op}.json`, import.meta.url))).vectors;
const few = (list, most) => list.filter((_, i) => i % Math.ceil(list.length / most) === 0);
const hexes = (op, most, field = "in") => few(vectors(op), most).map((one) => fromHex(one.in[field]));
const files = vectors("bundle").flatMap((one) => one.in.files.map(fromHex));
const asked = askFor(known);
const texts = [
  ...few(vectors("text"), 80).map((one) => one.in.in),
  encodeArmor("BUNDLE", known),
  encodeParts(known).join("\n"),
];
/** The act of a file, asked for again as if nobody had signed it yet. */
function askFor(file) {
  const { network, entries } = decodeContainer(file);
  const [mandate, act] = ["mandate", "act"].map((kind) =>
    entries.find(({ fields }) => fields.get("kind") === kind),
  );
  const keys = [mandate.fields.get("body").get("delegate")];
  const request = { network, payload: act.payload, part: new Uint8Array(), keys, threshold: 1, signatures: [] };
  const mandateFile = files.find((one) => refusing(() => decodeContainer(one))?.kind === "mandate");
  return encodeAsk({ mandateFile, request });
}

const asText = (data) => new TextDecoder().decode(data);
/** A picture: a symbol drawn with the input's bytes over it, or one of many false corners. */
function picture(data) {
  const [width, height] = [320 + (data[0] ?? 0), 240 + (data[1] ?? 0)];
  const image = new Uint8ClampedArray(4 * width * height).fill(255);
  const set = (x, y, dark) => image.fill(dark ? 0 : 255, 4 * (y * width + x), 4 * (y * width + x) + 3);
  const rows = (data[2] ?? 0) < 128 ? qrModules("CONFED:RECORD/ABC") : null;
  const unit = 1 + ((data[3] ?? 0) % 4);
  const corner = (x, y) => Math.max(Math.abs(x - 4), Math.abs(y - 4)) !== 2 && x % 9 > 0 && y % 9 > 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [u, v] = [Math.floor(x / unit), Math.floor(y / unit)];
      set(x, y, rows === null ? corner(u % 9, v % 9) : (rows[v]?.[u] ?? false));
    }
  }
  data.forEach((byte, i) => set((i * 7 + byte) % width, (i * 3) % height, byte & 1));
  return { data: image, width, height };
}

const TARGETS = {
  codec: { corpus: hexes("decode", 100), run: (data) => refusing(() => encode(decode(data))) },
  container: { corpus: few(files, 60), run: decodeContainer },
  verify: { corpus: [known], run: (data) => verify([data], [], KNOWN_AT) },
  together: { corpus: [known], run: (data) => verify([known, data], [], KNOWN_AT) },
  ask: { corpus: [asked], run: decodeAsk },
  request: { corpus: [decode(asked, INPUT_MAX)[3]], run: decodeRequest },
  brief: { corpus: files.filter(isBrief), run: decodeBrief },
  "brief-verify": { corpus: files.filter(isBrief), run: (data) => verify([data, known], [], KNOWN_AT) },
  sshsig: { corpus: hexes("sshsig", 40, "sig"), run: parse },
  text: {
    corpus: texts.map(utf8),
    run: (data) => {
      for (const decoder of DECODERS.values()) refusing(() => decoder(asText(data)));
    },
  },
  pasted: { corpus: texts.map(utf8), run: (data) => filesIn(asText(data)) },
  link: {
    corpus: [utf8(`https://example.org/act.html#ask=${"QUJD".repeat(9)}`), ...texts.map(utf8)],
    run: (data) => refusing(() => askIn(asText(data))) ?? ofLink(asText(data)),
  },
  picture: { corpus: [known.subarray(0, 200), new Uint8Array(4)], run: (data) => qrTextsIn(picture(data)) },
  driver: {
    corpus: ["record", "bundle", "council", "count", "noise", "head", "inclusion", "text", "encode"]
      .flatMap((op) => few(vectors(op), 8).map((one) => ({ op, ...one.in })))
      .map((request) => utf8(JSON.stringify(request)))
      .filter((line) => line.length < INPUT_MAX),
    run: async (data) => {
      const answer = JSON.parse(await handleLine(asText(data)));
      if (typeof answer.ok !== "boolean") throw new Error("no answer");
    },
  },
  channel: {
    corpus: [new Uint8Array(200), known],
    run: (data) => {
      const keys = { s: new Uint8Array(32).fill(1), e: new Uint8Array(32).fill(2) };
      new Channel({ network: new Uint8Array(32), keys, remote: null, payload: new Uint8Array() }).receive(data);
    },
  },
};

// --- running -----------------------------------------------------------------------------------

async function meet(name, data) {
  const before = process.cpuUsage();
  try {
    await TARGETS[name].run(data);
  } catch (error) {
    if (!(error instanceof Refusal)) throw new Error(describe(name, data), { cause: error });
  }
  const { user, system } = process.cpuUsage(before);
  slowest[name] = Math.max(slowest[name], (user + system) / 1000);
  if ((user + system) / 1000 > SLOW_MS) throw new Error(`slow: ${describe(name, data)}`);
}

const describe = (name, data) =>
  `target ${name}, seed ${options.seed}, ${data.length} bytes: ${toHex(data.subarray(0, 4096))}`;

const names = options.target === undefined ? Object.keys(TARGETS) : [options.target];
const end = Date.now() + 1000 * Number(options.seconds ?? Infinity);
const most = options.executions === undefined ? Infinity : Number(options.executions);
const counts = Object.fromEntries(names.map((name) => [name, 0]));
const slowest = Object.fromEntries(names.map((name) => [name, 0]));
const random = Object.fromEntries(names.map((name, i) => [name, source(Number(options.seed) + i)]));

for (const data of huge()) {
  for (const name of names) if (name !== "picture") await meet(name, data);
}
for (let made = 0; made < most && Date.now() < end; ) {
  for (const name of names) {
    const share = name === "picture" ? 1 : 16;
    for (let i = 0; i < share; i += 1) {
      await meet(name, mutate(random[name], TARGETS[name].corpus));
      counts[name] += 1;
      made += 1;
    }
  }
}
for (const name of names) {
  console.log(`${name}: ${counts[name]} inputs, at most ${Math.round(slowest[name])} ms`);
}
