// The record kinds and the form of each body (specs/registries/kinds.toml; specs/03, BOD-1).

import * as limits from "./limits.js";
import { bin, int, line, list, map, oneOf, pattern, row, text } from "./schema.js";

const bytes32 = bin(32);
const name = line(1, limits.NAME_MAX_CHARS);
export const token = pattern(/^[a-z][a-z0-9-]{0,30}$/);
export const time = int(0, limits.TIME_MAX_S);
const window = int(0, limits.WINDOW_MAX_S);
const count = int(0, 1000000);
const number = int(1, 1000000);
const size = int(1, limits.LOG_MAX_SIZE);
const ballots = int(0, limits.BALLOTS_MAX);
const weight = int(0, limits.WEIGHT_MAX);
const amount = int(0, limits.AMOUNT_MAX);
const delegates = list(bytes32, 1, limits.DELEGATES_MAX);
const outcome = oneOf("adopted", "rejected", "no-quorum", "referred-back");
const languagePattern = pattern(/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/);
const languageLength = text(1, 16);
const language = (value) => languageLength(value) && languagePattern(value);
const ids = list(bytes32, 1, limits.MEMBERS_MAX);
const named = list(bytes32, 1, limits.NAMED_MAX);
const words = text(1, limits.TEXT_MAX_CHARS);
const flag = (value) => typeof value === "boolean";
const titles = list(row(language, name), 1, 16);
const share = int(0, limits.SHARE_MAX);
const quorums = list(row(token, share, int(1, limits.SHARE_MAX)), 1, 16);
const TERMS = [
  "lapse", "freeze_text", "editorial", "takeover", "pause", "reading_min", "reading_max",
  "exclusion", "emergency_notice", "emergency", "running", "dormancy", "hold", "demand",
  "talk", "mediation", "panel", "correction",
];
const terms = map({}, Object.fromEntries(TERMS.map((term) => [term, window])));

/** One line of a witness record's detached part, and of a node's last head. */
export const headRow = row(bytes32, size, bytes32);

const bodies = {
  charter: map(
    { name, threshold: number, keys: list(bytes32, 1, limits.KEYHOLDERS_MAX) },
    {
      rules: number,
      previous: bytes32,
      delegation: map(
        {},
        { terms: number, gap: window, exclusive: list(row(token, token), 1, limits.OFFICES_MAX) },
      ),
    },
  ),
  node: map(
    { number, key: bytes32, transport: bytes32, expires: time },
    {
      addresses: list(line(3, limits.ADDRESS_MAX_CHARS), 1, limits.ADDRESSES_MAX),
      previous: bytes32,
      last: headRow,
    },
  ),
  link: map({}, { peer: bytes32, invite: bytes32, expires: time }),
  compact: map(
    {
    name,
    founders: list(row(bytes32, number, weight), 1, limits.MEMBERS_MAX),
    rules: list(row(token, line(1, 32)), 1, 16),
    windows: map({
      discussion: window,
      notice: window,
      voting: window,
      grace: window,
      settle: window,
      step: window,
      witness: int(1, 86400),
    }),
    seconds: count,
    sponsors: count,
    weight_max: weight,
    },
    {
      quorums,
      people_quorums: quorums,
      terms,
      missed: number,
      panel: (value) => value === 3 || value === 5,
      sunset: time,
      previous: bytes32,
      upper: bytes32,
      level: int(2, 3),
    },
  ),
  accession: map({ weight }, { motion: bytes32, observer: flag }),
  motion: map(
    { name: token, titles, text: bytes32 },
    {
      translations: list(row(language, bytes32), 1, 15),
      rule: line(1, 32),
      version: bytes32,
      minutes: bytes32,
      contact: name,
      initiative: count,
      parent: bytes32,
      reason: words,
      affected: ids,
      units: named,
      attachments: named,
      money: map({ cost: amount, cap: amount, currency: name, source: words }),
      carrier: bytes32,
      due: time,
      begins: time,
      ends: time,
      goal: words,
      reversible: flag,
      opt_out: words,
      supersedes: named,
      repeals: named,
      depends: named,
      contradicts: named,
      first: bytes32,
      target: bytes32,
    },
  ),
  second: map({}),
  freeze: map(
    {
      councils: list(row(bytes32, weight), 1, limits.MEMBERS_MAX),
      opens: time,
      closes: time,
    },
    {
      seconds: ids,
      accessions: ids,
      exits: ids,
      decisions: ids,
      claims: ids,
      versions: list(bytes32, 1, 16),
      takeover: bytes32,
      rolls: list(ballots, 1, limits.MEMBERS_MAX),
    },
  ),
  position: map(
    {
      freeze: bytes32,
      number,
      value: oneOf("yes", "no", "abstain", "block", "refer-back", "stand-aside"),
    },
    {
      yes: ballots,
      no: ballots,
      valid: ballots,
      abstain: ballots,
      block: ballots,
      aside: ballots,
      present: ballots,
      roll: ballots,
      method: oneOf("assembly", "paper", "online", "mixed"),
      minutes: bytes32,
      reason: words,
      clause: name,
      contact: name,
      versions: list(bytes32, 1, 17),
    },
  ),
  witness: map({ count: int(1, limits.WITNESS_HEADS_MAX), root: bytes32 }),
  status: map(
    { freeze: bytes32, round: int(2, 1000000) },
    { locked: row(number, outcome, ids) },
  ),
  vote: map({
    freeze: bytes32,
    round: number,
    outcome,
    counted: list(bytes32, 0, limits.MEMBERS_MAX),
  }),
  lock: map({ freeze: bytes32, round: number, outcome }),
  mandate: map(
    { delegate: bytes32, starts: time, until: time, kinds: list(token, 1, 16) },
    {
      compact: bytes32,
      instructions: list(row(bytes32, token), 1, limits.INSTRUCTIONS_MAX),
      substitutes: delegates,
      partners: delegates,
      parity: oneOf("any", "all"),
      forum: name,
      level: token,
      term: number,
      conditions: list(row(bytes32, oneOf("in", "adopted"), bytes32), 1, limits.INSTRUCTIONS_MAX),
      otherwise: oneOf("refer-back", "ratify"),
      subjects: list(bytes32, 1, limits.INSTRUCTIONS_MAX),
      ceiling: row(token, amount, amount),
      reports: list(time, 1, limits.REPORTS_MAX),
      overdue: window,
      freshness: window,
      holdover: row(int(1, limits.HOLDOVER_MAX_S), list(token, 1, 16)),
      attendance: oneOf("required"),
      petition: row(int(1, limits.SHARE_MAX), int(1, limits.SHARE_MAX)),
      pay: text(1, limits.TEXT_MAX_CHARS),
      minutes: bytes32,
      above: bytes32,
    },
  ),
  act: map(
    {
      motion: bytes32,
      kind: token,
      value: token,
      number,
      head: bin(1, limits.HEAD_MAX_BYTES),
    },
    { previous: bytes32, amount, currency: token, text: bytes32, assembly: bytes32 },
  ),
  recall: map({}, { reason: text(1, limits.TEXT_MAX_CHARS) }),
  report: map({ due: time, text: bytes32 }),
  ratify: map({ value: oneOf("yes", "no") }, { minutes: bytes32 }),
  petition: map({ count, members: number }),
  unlink: map({ invite: bytes32 }),
  guest: map({ peer: bytes32, invite: bytes32 }),
  override: map({ size, answers: count, needed: count }),
  statement: map(
    { text: text(1, limits.TEXT_MAX_CHARS) },
    {
      files: list(row(name, token, int(1, limits.FILE_MAX_BYTES), bytes32), 1, limits.FILES_MAX),
    },
  ),
  suspension: map({ key: bytes32 }, { lift: flag }),
  "fork-proof": map(
    {
      council: bytes32,
      key: bytes32,
      first: bin(1, limits.HEAD_MAX_BYTES),
      second: bin(1, limits.HEAD_MAX_BYTES),
    },
    { root: bytes32, path: list(bytes32, 1, limits.PROOF_MAX_HASHES) },
  ),
  carried: map({
    envelope: bin(1, limits.CARRIED_MAX_BYTES),
    head: bin(1, limits.HEAD_MAX_BYTES),
  }),
  exit: map({}, { reason: words }),
  amend: map({ titles, text: bytes32 }, { reason: words, editorial: flag }),
  objection: map({}, { reason: words }),
  withdraw: map({}, { reason: words }),
  takeover: map({}),
  "affected-claim": map({ reason: words }, { unit: bytes32 }),
  roll: map({ members: ballots, taken: time, method: words }),
  task: map({ title: name }, { carrier: bytes32, due: time, done: flag, mandate: bytes32 }),
  finding: map(
    {
      effect: oneOf("void", "valid", "recount", "new-vote", "ledger-correction", "recommend"),
      text: words,
    },
    { mandate: bytes32 },
  ),
  calendar: map({ title: name, starts: time }, { ends: time, place: name, mandate: bytes32 }),
  "payment-order": map(
    { amount, currency: name, payee: name, number },
    { mandate: bytes32 },
  ),
  dispute: map(
    {
      name: oneOf(
        "procedure", "mandate", "roll", "affected", "scope", "ledger", "translation", "conduct",
      ),
      remedy: words,
    },
    { parties: ids, compact: bytes32 },
  ),
  naming: map({ role: oneOf("mediator", "panel"), councils: list(bytes32, 1, 5) }),
  hold: map({ reason: words }, { dispute: bytes32, position: bytes32 }),
  correction: map({ text: words }),
  dissolution: map({ liquidators: ids, assets: words, report: words }),
};

const WITHOUT_SUBJECT = new Set([
  "charter",
  "node",
  "link",
  "compact",
  "witness",
  "mandate",
  "statement",
  "unlink",
  "guest",
  "override",
  "suspension",
  "fork-proof",
  "carried",
  "roll",
]);
const PARTS = { motion: "text", amend: "text", report: "text", witness: "heads" };
/** Where in the body the list stands that is a part if it is too long for a body (PRT-8). */
const ROWS = {
  freeze: ["councils"],
  motion: ["affected"],
  status: ["locked", 2],
  vote: ["counted"],
};

/** Name -> {body: check, subject: whether the payload names one, part: null or its form, rows}. */
export const KINDS = new Map(
  Object.entries(bodies).map(([kind, body]) => [
    kind,
    {
      body,
      subject: !WITHOUT_SUBJECT.has(kind),
      part: PARTS[kind] ?? (kind in ROWS ? "rows" : null),
      rows: ROWS[kind] ?? null,
    },
  ]),
);
