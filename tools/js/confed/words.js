// A verdict in plain words: what was proved, on what it rests, what no file can show (BUN-17).

import * as bech32m from "./bech32m.js";
import { isClean } from "./codec.js";
import { fingerprint } from "./text.js";

const WORDS = globalThis.confedWords ?? {};
const DAY_S = 86400;

/** Text that no screen acts upon: control and bidi characters as U+XXXX. */
export const shown = (value) =>
  [...String(value)]
    .map((one) =>
      isClean(one) && one >= " " ? one : `U+${one.codePointAt(0).toString(16).padStart(4, "0")}`,
    )
    .join("");

/** Seconds UTC as a date and a time of day. */
export function moment(seconds) {
  const at = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const day = `${String(at.getUTCFullYear()).padStart(4, "0")}-${two(at.getUTCMonth() + 1)}`;
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":");
  return `${day}-${two(at.getUTCDate())} ${time} UTC`;
}

/** A weight in halves, as a number of full units. */
const halves = (weight) => `${Math.floor(weight / 2)}${weight % 2 ? ".5" : ""}`;

const id = (record) => bech32m.encode("cfr", record);
const key = (delegate) => bech32m.encode("cfk", delegate);

/** Why, in words, for a reason code. */
export const why = (reason) => WORDS[reason] ?? "the files do not prove it";

/** [heading, rows, notes] of a report: the answer, [name, value] of the evidence, what is unknown. */
export function words(report, at) {
  const heading = headingOf(report);
  if (report.council === null) return [heading, [], []];
  return [heading, evidenceOf(report), notesOf(report, at)];
}

function headingOf({ verdict, reason, kind, decision }) {
  if (verdict !== "VALID") {
    return `${verdict}${reason === null ? "" : ` (${reason}): ${why(reason)}`}.`;
  }
  const said = {
    mandate: "this mandate was in force at the time asked about",
    act: "a delegate did this within the mandate",
    certificate: `the councils decided "${decision?.title}": ${decision?.outcome}`,
    record: "the council signed this record, and it stands in its log",
  };
  return `VALID: ${said[kind]}.`;
}

function evidenceOf(report) {
  const rows = [
    ["council", `"${report.name}"${report.pinned ? ", one that you trust" : ""}`],
    ["", id(report.council)],
    ["fingerprint", fingerprint(report.council)],
    [report.kind, id(report.id)],
    ["signed", `${moment(report.time)} (its own word)`],
  ];
  if (report.mandate !== undefined) {
    rows.push(["delegate", key(report.mandate.get("delegate"))]);
    rows.push(["in force until", moment(report.mandate.get("until"))]);
    for (const [motion, value] of report.mandate.get("instructions") ?? []) {
      rows.push(["instruction", `${value} on ${id(motion)}`]);
    }
  }
  if (report.act !== undefined) {
    rows.push(["act", `${report.act.get("kind")}: ${report.act.get("value")}`]);
  }
  if (report.decision !== undefined) rows.push(...figuresOf(report.decision));
  rows.push(...standingOf(report));
  return rows;
}

/** FINAL, or the heads that the verdict rests on. */
function standingOf({ final, heads }) {
  if (final) return [["FINAL", "no record that is not in these files can change this"]];
  return heads.map(({ name, size, time }) => [
    "as of the head",
    `"${name}", ${size} records, ${moment(time)}`,
  ]);
}

/** What was counted, and by how many councils it is certified (CNT-10, CER-1). */
function figuresOf({ compactName, rule, people, units, signers, councils, needed }) {
  return [
    ["compact", `"${compactName}", rule ${rule}`],
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
