// What the files say of a mandate, as the rules want it (specs/12, BUN-13, BUN-14).

import { equal, toHex } from "./bytes.js";
import { certified } from "./certificate.js";
import { compactOf } from "./compact.js";
import { Refusal, refuse } from "./errors.js";
import { isInLog, receivedIn } from "./evidence.js";
import { openHead } from "./head.js";
import {
  chainFault,
  doneActs,
  doubledFrom,
  effectTime,
  grantFault,
  receiptsNeeded,
} from "./mandate.js";

const LOGS_APART = 2 ** 42; // between the positions of a council's successive logs

/** [{record, index}]: the records of a kind about a subject, and where they stand (null: nowhere). */
export function recordsOf({ proved }, kind, about) {
  const found = new Map();
  for (const one of proved) {
    for (const [id, record] of one.records) {
      if (record.kind === kind && record.subject !== null && equal(record.subject, about)) {
        found.set(id, record);
      }
    }
  }
  return [...found].map(([id, record]) => ({ record, index: indexOf(proved, id) }));
}

export function indexOf(proved, id) {
  for (const one of proved) {
    if (!isInLog(one, id)) continue;
    const council = toHex(one.records.get(id).council);
    return offset(one, council) + Math.min(...one.places.get(id).values());
  }
  return null;
}

/** Successive logs of a council in one row of numbers; without `log` the file's newest. */
function offset(one, council, log = null) {
  const { node, nodes } = one.authorities.get(council);
  const wanted = log ?? node?.log;
  const numbers = nodes
    .filter((step) => equal(step.log, wanted))
    .map(({ body }) => body.get("number"));
  return numbers.length === 0 ? 0 : Math.min(...numbers) * LOGS_APART;
}

/** The receipts of a record in any file: [{witness, time}], each once. */
export function receiptsOf({ proved }, ...ids) {
  const found = new Map();
  for (const one of proved) {
    for (const id of ids) {
      if (!one.records.has(id)) continue;
      for (const receipt of receivedIn(one, id)) {
        found.set(`${receipt.time} ${receipt.witness} ${receipt.size}`, receipt);
      }
    }
  }
  return [...found.values()].sort((a, b) => a.time - b.time);
}

/** The cases of a mandate and of the one above a link, if a file proves that (LVL-1). */
export async function chainOf(asked, mandateId) {
  const own = await caseOf(asked, asked.chosen, mandateId);
  const above = own.mandate.get("above");
  const proved = above && asked.proved.find((one) => isInLog(one, toHex(above)));
  if (proved === undefined) return [own];
  const upper = await caseOf(asked, proved, above);
  const same = equal(upper.record.council, own.record.council);
  own.history.fault ??= same
    ? "mandate-chain"
    : chainFault(upper.mandate, own.mandate, own.record.signers);
  return [own, upper];
}

/** {mandate, record, history, acts, holds, ...}; Refusal bundle-missing, head-... (MAN-1). */
async function caseOf(asked, chosen, mandateId) {
  const { proved } = asked;
  const id = toHex(mandateId);
  const record = chosen.records.get(id);
  if (record === undefined || record.kind !== "mandate") refuse("bundle-missing");
  if (indexOf(proved, id) === null) refuse("bundle-missing");
  const council = toHex(record.council);
  const mandate = record.body;
  const authority = chosen.authorities.get(council);
  const heads = proved
    .filter((one) => one.head !== null && equal(one.subject.council, record.council))
    .map((one) => [offset(one, council) + one.head.size, one.head.time]);
  const acts = [];
  for (const { record: act, index } of recordsOf(asked, "act", mandateId)) {
    const head = await citedHead(chosen, act);
    heads.push([offset(chosen, council, head.log) + head.size, head.time]);
    const receipts = receiptsOf(asked, toHex(act.id));
    acts.push({ id: act.id, body: act.body, time: act.time, headTime: head.time, index, receipts });
  }
  const members = await membersOf(asked, chosen, mandate);
  const hasCompact = mandate.has("compact");
  const counted = acts.map((act) => {
    const first = new Map();
    for (const { witness, time } of act.receipts) {
      if (witness !== council && !first.has(witness)) first.set(witness, time);
    }
    const kept = [...first].filter(([w]) => !hasCompact || members === null || members.has(w));
    return { ...act, times: kept.map(([, time]) => time) };
  });
  const neededFor = (act) => {
    if (!hasCompact) return 1;
    if (members === null) return act.receipts.length > 0 ? null : 1;
    const needed = receiptsNeeded(members.size);
    return act.index !== null ? needed : Math.max(1, needed);
  };
  const done = doneActs(counted, neededFor);
  const effective = ({ record: one, index }) => effectTime(one.time, index, heads);
  const own = ({ record: one, index }) => index !== null && equal(one.council, record.council);
  const reported = new Map();
  for (const report of recordsOf(asked, "report", mandateId)) {
    const due = report.record.body.get("due");
    if (report.index === null || !(mandate.get("reports") ?? []).includes(due)) continue;
    reported.set(due, Math.min(effective(report), reported.get(due) ?? Infinity));
  }
  const history = {
    recalled: recordsOf(asked, "recall", mandateId).filter(own).map(effective),
    reported,
    doubled: doubledFrom(done),
    fault: grantFault(
      mandate,
      authority.charterVersion(record.charter)?.get("delegation"),
      mandatesBefore(asked, record, own),
    ),
  };
  const holds = (condition) => holdsIn(proved, condition);
  return { record, mandate, history, acts: done, holds, members, own };
}

/** The motion of which this is a version, if a file has it; else the id itself (MAN-5). */
export function motionOf(proved, version) {
  const found = proved.map((one) => one.records.get(toHex(version)));
  return found.find((record) => record?.kind === "amend")?.subject ?? version;
}

/** Whether a condition is met; null: the files do not show it (MAN-8). */
function holdsIn(proved, [version, test, about]) {
  if (test === "adopted") {
    const decision = proved.find(
      ({ bundle }) => bundle.kind === "certificate" && equal(bundle.subject, about),
    );
    return decision === undefined ? null : certified(decision).accepted;
  }
  if (equal(about, version)) return true;
  if (!equal(motionOf(proved, version), version)) return false;
  const motion = proved.map((one) => one.records.get(toHex(version))).find((one) => one);
  const lists = new Map();
  for (const one of proved) {
    for (const [id, { kind, subject, council, body }] of one.records) {
      const here = kind === "freeze" && subject !== null && equal(subject, version);
      if (!here || motion === undefined || !equal(council, motion.council)) continue;
      if (one.bundle.kind !== "certificate" && !isInLog(one, id)) continue;
      lists.set(id, body.get("versions") ?? []);
    }
  }
  if (lists.size !== 1) return null; // two freezes are none (FRZ-6)
  return [...lists.values()][0].some((id) => equal(id, about));
}

function mandatesBefore(asked, granted, own) {
  const mine = indexOf(asked.proved, toHex(granted.id));
  const found = new Map();
  for (const { records } of asked.proved) {
    for (const [id, record] of records) {
      if (record.kind === "mandate" && equal(record.council, granted.council)) found.set(id, record);
    }
  }
  return [...found]
    .filter(([id]) => {
      const index = indexOf(asked.proved, id);
      return index !== null && index < mine;
    })
    .map(([, record]) => {
      const gone = recordsOf(asked, "recall", record.id).filter(own).map((one) => one.record.time);
      return [record.body, gone.length > 0 ? Math.min(...gone) : null];
    });
}

async function membersOf({ proved }, chosen, mandate) {
  if (!mandate.has("compact")) return null;
  for (const one of [chosen, ...proved]) {
    const has = [...one.records.values()].some(({ kind }) => kind === "compact");
    if (one.bundle.kind === "act" && has) {
      return compactOf(one, mandate.get("compact")).members;
    }
  }
  return null;
}

/** The head that an act cites, if a node of its council signed it, maybe an older one (ACT-4). */
async function citedHead(chosen, act) {
  const { nodes } = chosen.authorities.get(toHex(act.council));
  if (nodes.length === 0) refuse("bundle-missing");
  let fault = new Refusal("log-id");
  for (const node of nodes) {
    try {
      const head = await openHead(chosen.bundle.network, node.key, act.body.get("head"));
      if (equal(head.log, node.log)) return head;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      fault = error;
    }
  }
  throw fault;
}
