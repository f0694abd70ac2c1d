// The record kinds and the form of each body (specs/registries/kinds.toml; specs/03, BOD-1).

import * as limits from "./limits.js";
import { bin, int, list, map, oneOf, pattern, row, text } from "./schema.js";

const bytes32 = bin(32);
const name = text(1, limits.NAME_MAX_CHARS);
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
const outcome = oneOf("adopted", "rejected", "no-quorum");
const languagePattern = pattern(/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/);
const languageLength = text(1, 16);
const language = (value) => languageLength(value) && languagePattern(value);
const ids = list(bytes32, 1, limits.MEMBERS_MAX);

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
      addresses: list(text(3, limits.ADDRESS_MAX_CHARS), 1, limits.ADDRESSES_MAX),
      previous: bytes32,
      last: headRow,
    },
  ),
  link: map({}, { peer: bytes32, invite: bytes32, expires: time }),
  compact: map({
    name,
    founders: list(row(bytes32, number, weight), 1, limits.MEMBERS_MAX),
    rules: list(row(token, text(1, 32)), 1, 16),
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
  }),
  accession: map({ weight }),
  motion: map({ name: token, titles: list(row(language, name), 1, 16), text: bytes32 }),
  second: map({}),
  freeze: map(
    {
      councils: list(row(bytes32, weight), 1, limits.MEMBERS_MAX),
      opens: time,
      closes: time,
    },
    { seconds: ids, accessions: ids },
  ),
  position: map(
    { freeze: bytes32, number, value: oneOf("yes", "no", "abstain") },
    { yes: ballots, no: ballots, valid: ballots },
  ),
  witness: map({ count: int(1, limits.WITNESS_HEADS_MAX), root: bytes32 }),
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
  statement: map(
    { text: text(1, limits.TEXT_MAX_CHARS) },
    {
      files: list(row(name, token, int(1, limits.FILE_MAX_BYTES), bytes32), 1, limits.FILES_MAX),
    },
  ),
};

const WITHOUT_SUBJECT = new Set([
  "charter",
  "node",
  "link",
  "compact",
  "witness",
  "mandate",
  "statement",
]);
const PARTS = { motion: "text", report: "text", witness: "heads" };

/** Name -> {body: check, subject: whether the payload names one, part: null, "text", "heads"}. */
export const KINDS = new Map(
  Object.entries(bodies).map(([kind, body]) => [
    kind,
    { body, subject: !WITHOUT_SUBJECT.has(kind), part: PARTS[kind] ?? null },
  ]),
);
