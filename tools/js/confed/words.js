// A verdict in plain words: what was proved, on what it rests, what no file can show (BUN-17).

import * as bech32m from "./bech32m.js";
import { isClean } from "./codec.js";
import { mandateTerms, moment } from "./terms.js";
import { fingerprint } from "./text.js";

const WORDS = globalThis.confedWords ?? {};
const DAY_S = 86400;

const code = (one) => `U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Text that no screen acts upon: control and bidi characters as U+XXXX. */
export const shown = (value) =>
  [...String(value)].map((one) => (isClean(one) && one >= " " ? one : code(one))).join("");

// Around a name, for `element` to set it apart: no name holds them, for `shown` takes them out.
export const NAME_FROM = "\u2068";
export const NAME_TO = "\u2069";

/** A name in quotes, whose direction of writing touches nothing beside it. */
export const quoted = (name) => `"${NAME_FROM}${shown(name)}${NAME_TO}"`;

/** A weight in halves, as a number of full units. */
const halves = (weight) => `${Math.floor(weight / 2)}${weight % 2 ? ".5" : ""}`;

const id = (record) => bech32m.encode("cfr", record);

/** Why, in words, for a reason code. */
export const why = (reason) => WORDS[reason] ?? "the files do not prove it";

/** Why a browser cannot do it, for the code of an Unfit. */
export const UNFIT = {
  "no-webcrypto":
    "This browser does not let a page use cryptography here. Open the page over https, or saved as a file.",
  "no-ed25519":
    "This browser has no Ed25519 signatures. A newer version has: Firefox 130, Safari 17, Chromium 137.",
  "no-storage":
    "This browser does not keep data for this page. Leave private browsing, or allow the page to store data.",
  "wrong-answer":
    "This browser gave a wrong answer on a file that is known: trust nothing that this page says in it.",
};

const UNREADABLE =
  "this cannot be read. Give the whole file, or all of the text or codes, again from where it came.";

/** [heading, rows, notes] of a report: the answer, [name, value] of the evidence, what is unknown. */
export function words(report, at) {
  if (report.kind === null) return [`UNKNOWN (${report.reason}): ${UNREADABLE}`, [], []];
  const heading = headingOf(report, at);
  if (report.council === null) return [heading, [], []];
  return [heading, evidenceOf(report), notesOf(report, at)];
}

function headingOf(report, at) {
  const { verdict, reason, kind, decision } = report;
  if (verdict !== "VALID") {
    return `${verdict}${reason === null ? "" : ` (${reason}): ${why(reason)}`}.`;
  }
  const who = quoted(report.name);
  const said = {
    mandate: () => `${who} gave this mandate, and it was in force at ${moment(at)}`,
    act: () => `a delegate of ${who} did this within the mandate: ${report.act.get("value")}`,
    certificate: () => `the councils decided ${quoted(decision.title)}: ${decision.outcome}`,
    record: () => `${who} signed this ${report.recordKind}, and it stands in its log`,
  };
  return `VALID: ${said[kind]()}.`;
}

function evidenceOf(report) {
  const trusted = report.pinned ? "one that you trust" : "not one that you named as trusted";
  const isDecision = report.decision !== undefined;
  const rows = [[isDecision ? "moved by" : "council", `${quoted(report.name)}, ${trusted}`]];
  if (report.act !== undefined) {
    rows.push(["act", `${report.act.get("kind")}: ${report.act.get("value")}`]);
    rows.push(["about", id(report.act.get("motion"))]);
  }
  if (report.mandate !== undefined) rows.push(...mandateTerms(report.mandate));
  if (report.above) rows.push(...aboveRows(report.above));
  if (isDecision) rows.push(...figuresOf(report.decision));
  return [
    ...rows,
    ["signed", `${moment(report.time)} (its own word)`],
    ...standingOf(report),
    ["fingerprint of the council", fingerprint(report.council)],
    ["id of the council", id(report.council)],
    [`id of the ${isDecision ? "motion" : report.kind}`, id(report.id)],
  ];
}

/** What a link passes on: the council that is spoken for, and what it said (LVL-1, LVL-4). */
function aboveRows({ id: mandate, name, council, mandate: body, state }) {
  return [
    ["passed on from", `${quoted(name)}, whose mandate is ${state}`],
    ["fingerprint of that council", fingerprint(council)],
    ["id of that council", id(council)],
    ["id of the mandate above", id(mandate)],
    ...mandateTerms(body),
  ];
}

/** FINAL, or the heads that the verdict rests on. */
function standingOf({ final, heads }) {
  if (final) return [["FINAL", "no record that is not in these files can change this"]];
  return heads.map(({ name, size, time }) => [
    "as of the head",
    `${quoted(name)}, ${size} records, ${moment(time)}`,
  ]);
}

/** What was counted, and by how many councils it is certified (CNT-10, CER-1). */
function figuresOf({ compactName, rule, people, units, signers, councils, needed }) {
  return [
    ["compact", `${quoted(compactName)}, rule ${rule}`],
    ["people", `${people.yes} yes, ${people.no} no`],
    ["units", `${halves(units.yes)} yes, ${halves(units.no)} not yes`],
    ["locks", `${signers} of ${councils} councils, ${needed} needed`],
  ];
}

function notesOf({ decision, newestReceipt, standing }, at) {
  if (decision !== undefined) {
    const notes = [
      "The locks certify the outcome; the figures are those of the one list of positions here.",
      "How members voted inside each council is that council's own word.",
    ];
    const split = "With three councils or fewer, one dishonest node can split the decision.";
    return decision.councils <= 3 ? [...notes, split] : notes;
  }
  const later = "A recall or a new charter that is not in these files is unknown here.";
  if (standing !== undefined) {
    const word = `That it stands in the council's log is its node's word of ${moment(standing)}.`;
    return [`${word} Its place there is not shown.`, later];
  }
  if (newestReceipt === null) {
    return ["No other council's receipt is in these files: its times are only claimed.", later];
  }
  return [
    ageOf(newestReceipt, at),
    later,
    "Whether the councils that gave the receipts are real is for you to know.",
  ];
}

function ageOf(newest, at) {
  if (newest > at) return "The newest receipt is later than the time asked about.";
  const days = Math.floor((at - newest) / DAY_S);
  const age = days === 0 ? "less than a day" : `${days} day${days > 1 ? "s" : ""}`;
  return `The newest receipt is ${age} old; what happened since is unknown here.`;
}
