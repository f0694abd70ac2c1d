// Who belongs to a compact, from the records of a file alone (specs/05, COM, ACC; specs/12, BUN-12).

import { compare, toHex } from "./bytes.js";
import { meetsThreshold } from "./authority.js";
import { refuse } from "./errors.js";
import { parseRule } from "./tally.js";

const inOrder = (names, before) => names.every((one, i) => i === 0 || before(names[i - 1], one));

/** Hex ids of the members of a founded compact; Refusal bundle-missing, compact-... */
export function compactMembers(proved, id) {
  const record = proved.records.get(toHex(id));
  const all = [...proved.records.values()];
  if (record === undefined) {
    refuse(all.some(({ kind }) => kind === "compact") ? "compact-mismatch" : "bundle-missing");
  }
  if (record.kind !== "compact") refuse("compact-mismatch");
  const fault = foundingFault(record, proved);
  if (fault !== null) refuse(fault);
  const accessions = all
    .filter(({ kind, subject }) => kind === "accession" && toHex(subject) === toHex(id))
    .sort((a, b) => compare(a.council, b.council));
  const councils = accessions.map(({ council }) => toHex(council));
  if (new Set(councils).size !== councils.length) refuse("compact-member");
  const inside = new Set(record.body.get("founders").map(([council]) => toHex(council)));
  for (let grown = true; grown; ) {
    const sponsored = accessions.filter(({ council, body }) => {
      const newcomer = toHex(council);
      const sponsors = [...inside].filter((one) => proved.links.linked(one, newcomer)).length;
      const weighs = body.get("weight") <= record.body.get("weight_max");
      return weighs && !inside.has(newcomer) && sponsors >= record.body.get("sponsors");
    });
    grown = sponsored.length > 0;
    for (const { council } of sponsored) inside.add(toHex(council));
  }
  return inside;
}

function foundingFault(record, proved) {
  const founders = record.body.get("founders");
  const councils = founders.map(([council]) => council);
  const among = councils.some((one) => compare(one, record.council) === 0);
  if (!inOrder(councils, (a, b) => compare(a, b) < 0) || !among) return "compact-founder";
  if (founders.some(([, , weight]) => weight > record.body.get("weight_max"))) {
    return "compact-weight";
  }
  const names = record.body.get("rules").map(([name]) => name);
  if (!inOrder(names, (a, b) => a < b) || !names.includes("coordination")) return "class-unknown";
  for (const [, rule] of record.body.get("rules")) parseRule(rule);
  for (const [council, version] of founders) {
    const charter = proved.authorities.get(toHex(council))?.charterVersion(version) ?? null;
    if (charter === null) return "bundle-missing";
    if (!meetsThreshold(charter, record.signers)) return "threshold-missing";
  }
  return null;
}
