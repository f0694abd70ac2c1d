// Who belongs to a compact, from the records of a file alone (specs/05, COM, ACC; specs/12, BUN-12).

import { meetsThreshold } from "./authority.js";
import { compare, equal, toHex } from "./bytes.js";
import { Refusal, refuse } from "./errors.js";
import { CLASSES, isLight, ruleFor } from "./law.js";
import { receiptsNeeded } from "./mandate.js";

const isAscending = (ids) => ids.every((one, i) => i === 0 || compare(ids[i - 1], one) < 0);
const areAscending = (names) => names.every((one, i) => i === 0 || names[i - 1] < one);

/** The body of a founded compact and its members; Refusal bundle-missing, compact-... */
export function compactOf(proved, id) {
  const record = proved.records.get(toHex(id));
  const all = [...proved.records.values()];
  if (record === undefined) {
    refuse(all.some(({ kind }) => kind === "compact") ? "compact-mismatch" : "bundle-missing");
  }
  if (record.kind !== "compact") refuse("compact-mismatch");
  const charterOf = (council, version) =>
    proved.authorities.get(toHex(council))?.charterVersion(version) ?? null;
  const fault = foundingFault(record, charterOf);
  if (fault !== null) refuse(fault === "council-unknown" ? "bundle-missing" : fault);
  const accessions = all
    .filter(({ kind, subject }) => kind === "accession" && equal(subject, id))
    .sort((a, b) => compare(a.council, b.council));
  const councils = accessions.map(({ council }) => toHex(council));
  if (new Set(councils).size !== councils.length) refuse("compact-member");
  const linked = (one, other) => proved.links.linked(one, other);
  return { compact: record.body, members: membersOf(record.body, accessions, linked) };
}

/**
 * Hex id of each member -> {council, weight, accession: record or null}. `accessions` of one council
 * come in the order of its log; `linked` says of two hex ids whether both signed a link (ACC-1, ACC-2).
 */
export function membersOf(compact, accessions, linked) {
  const members = new Map(
    compact
      .get("founders")
      .map(([council, , weight]) => [toHex(council), { council, weight, accession: null }]),
  );
  for (const record of accessions) {
    const newcomer = toHex(record.council);
    const weight = record.body.get("weight");
    if (weight > compact.get("weight_max") || record.body.get("observer") === true) continue;
    if (members.has(newcomer)) continue;
    const admitted =
      ruleFor(compact, "accession") === null
        ? isSponsored(compact, newcomer, linked)
        : record.body.has("motion");
    if (admitted) members.set(newcomer, { council: record.council, weight, accession: record });
  }
  return members;
}

/** Whether enough founders are linked with a newcomer: founders alone sponsor (ACC-2). */
function isSponsored(compact, newcomer, linked) {
  const founders = compact.get("founders").map(([council]) => toHex(council));
  if (compact.get("sponsors") === 0) return true;
  const needed = Math.max(compact.get("sponsors"), receiptsNeeded(founders.length));
  return founders.filter((one) => linked(one, newcomer)).length >= needed;
}

/** Why a compact is not founded, or null; `charterOf` gives a council's charter or null (COM-2). */
export function foundingFault(record, charterOf) {
  if (record.body.has("previous")) return "compact-version";
  const fault = formFault(record);
  if (fault !== null) return fault;
  for (const [council, version] of record.body.get("founders")) {
    const charter = charterOf(council, version);
    if (charter === null) return "council-unknown";
    if (!meetsThreshold(charter, record.signers)) return "threshold-missing";
  }
  return null;
}

/** Why a compact, or a version of one, cannot be meant so, whoever signed (COM-3, COM-8). */
export function formFault({ body, council }) {
  const founders = body.get("founders").map(([one]) => one);
  if (!isAscending(founders) || !founders.some((one) => equal(one, council))) {
    return "compact-founder";
  }
  if (body.get("founders").some(([, , weight]) => weight > body.get("weight_max"))) {
    return "compact-weight";
  }
  const names = body.get("rules").map(([name]) => name);
  if (!areAscending(names) || !names.includes("coordination")) return "class-unknown";
  for (const quorums of [body.get("quorums") ?? [], body.get("people_quorums") ?? []]) {
    const asked = quorums.map(([name]) => name);
    if (!areAscending(asked) || !asked.every((one) => names.includes(one))) return "class-unknown";
    if (quorums.some(([, part, whole]) => part >= whole)) return "rule-unknown";
  }
  for (const name of names) {
    try {
      const { rule } = ruleFor(body, name);
      const law = CLASSES.get(name);
      if (law === undefined) return "class-unknown";
      if (isLight(rule) && !law.lazy) return "rule-class";
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.reason;
    }
  }
  return null;
}
