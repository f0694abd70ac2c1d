// The verdict on one or more `.confed` files, read together (specs/12, BUN-13 to BUN-18).

import { compare, equal, toHex } from "./bytes.js";
import { briefReport, decodeBrief, isBrief, unprovedBrief } from "./brief.js";
import { decodeContainer } from "./bundle.js";
import { certified } from "./certificate.js";
import { compactOf } from "./compact.js";
import { Refusal, refuse } from "./errors.js";
import { isInLog, prove, receivedIn } from "./evidence.js";
import { openHead } from "./head.js";
import {
  actVerdict,
  chainFault,
  doneActs,
  doubledFrom,
  effectTime,
  grantFault,
  mandateVerdict,
  receiptsNeeded,
  VALID,
} from "./mandate.js";
import { stateAt } from "./tenure.js";

const RANK = ["act", "mandate", "certificate", "record"];
const NONE = new Uint8Array();
const LOGS_APART = 2 ** 42; // between the positions of a council's successive logs

/**
 * {verdict, reason, kind, id, council, name, pinned, newestReceipt, ...}: what the files prove at
 * `at` (seconds UTC). `trust` are council ids. Bytes that are no file throw a Refusal; whatever a
 * well-formed file fails to prove is an UNKNOWN with its reason.
 */
export async function verify(files, trust, at) {
  const ordered = [...files].sort(compare).filter((one, i, all) => i === 0 || !equal(all[i - 1], one));
  const briefs = ordered.filter(isBrief).map(decodeBrief);
  const bundles = ordered.filter((one) => !isBrief(one)).map(decodeContainer);
  if (briefs.length > 0) return inBrief(briefs, bundles, trust, at);
  bundles.sort(
    (a, b) => RANK.indexOf(a.kind) - RANK.indexOf(b.kind) || compare(a.subject, b.subject),
  );
  const [first] = bundles;
  if (bundles.some((one) => !equal(one.network, first.network))) {
    return unproved(first, "network-mismatch");
  }
  const proved = [];
  for (const bundle of bundles) {
    try {
      proved.push(await prove(bundle));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (isOfBytes(error.reason)) throw error;
      return unproved(bundle, error.reason);
    }
  }
  try {
    checkTogether(proved);
    const asked = { chosen: choose(proved), proved, at };
    const report = await JUDGES[asked.chosen.bundle.kind](asked);
    return pinned(report, asked, trust);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return unproved(first, error.reason);
  }
}

/** A mandate in brief, beside the file of its council (BRF-3). */
async function inBrief(briefs, bundles, trust, at) {
  const [brief] = briefs;
  const proved = [];
  try {
    for (const bundle of bundles) proved.push(await prove(bundle));
    if (briefs.length > 1) refuse("bundle-subject");
    checkTogether(proved);
    const report = await briefReport(brief, proved, at);
    return pinned(report, { chosen: proved[0] }, trust);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (isOfBytes(error.reason) && error.reason !== "bundle-form") throw error;
    return unprovedBrief(brief, proved, error.reason);
  }
}

/** Whether a reason speaks of bytes that are no record, and not of one that does not hold. */
const OF_BYTES =
  /^(enc-|envelope-|payload-|body-|signer-order|signer-duplicate|unsigned|part-unexpected|bundle-form|head-form)/;
const isOfBytes = (reason) => OF_BYTES.test(reason);

const unproved = (bundle, reason) => ({
  verdict: "UNKNOWN",
  reason,
  kind: bundle.kind,
  id: bundle.subject,
  council: null,
  name: null,
  pinned: false,
  newestReceipt: null,
});

/** Ask the trusted councils: a stranger's mandate is UNKNOWN, whatever it proves (BUN-16). */
function pinned(report, { chosen }, trust) {
  const isOurs = (council) =>
    report.decision === undefined
      ? council === toHex(report.council)
      : report.decision.roll.has(council) && chosen.authorities.has(council);
  const known = trust.map(toHex).some(isOurs);
  if (trust.length === 0 || known) return { ...report, pinned: known };
  return { ...report, pinned: false, verdict: "UNKNOWN", reason: "not-trusted" };
}

/** Refusal if two files contradict each other (BUN-18). */
function checkTogether(proved) {
  const seen = new Map();
  const same = (name, id, reason) => {
    if (!seen.has(name)) seen.set(name, id);
    else if (!equal(seen.get(name), id)) refuse(reason);
  };
  const ends = new Map();
  for (const one of proved) {
    for (const [council, authority] of one.authorities) {
      authority.charters.forEach(({ record }, i) => same(`c${council}${i}`, record.id, "charter-fork"));
      for (const node of authority.nodes) {
        same(`n${council}${node.body.get("number")}`, node.record.id, "node-fork");
        const last = node.body.get("last");
        if (last !== undefined && !equal(last[0], node.log)) ends.set(toHex(last[0]), last[1]);
      }
    }
    const { head } = one;
    if (head !== null) same(`h${toHex(head.log)} ${head.size}`, head.root, "log-fork");
  }
  for (const one of proved) {
    const end = one.head === null ? undefined : ends.get(toHex(one.head.log));
    if (end === undefined) continue;
    for (const places of one.places.values()) {
      if (Math.min(...places.values()) >= end) refuse("node-replaced");
    }
  }
}

/** The file that the others add to; the last of several acts, the link of a chain (BUN-14). */
function choose(proved) {
  const [{ bundle }] = proved;
  let same = proved.filter((one) => one.bundle.kind === bundle.kind);
  if (bundle.kind === "mandate") {
    const passedOn = new Set(same.map(({ subject }) => toHex(subject.body.get("above") ?? NONE)));
    const lowest = same.filter((one) => !passedOn.has(toHex(one.bundle.subject)));
    if (lowest.length > 0) same = lowest;
  }
  const mandates = new Set(same.map(({ subject }) => toHex(subject.subject ?? new Uint8Array())));
  if (bundle.kind === "act" && mandates.size === 1) {
    const last = Math.max(...same.map(({ subject }) => subject.body.get("number")));
    same = same.filter(({ subject }) => subject.body.get("number") === last);
  }
  if (new Set(same.map((one) => toHex(one.bundle.subject))).size > 1) refuse("bundle-subject");
  const most = (one) => [one.records.size, one.receipts.length];
  return same.reduce((best, one) => {
    const [a, b] = [most(one), most(best)];
    return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]) ? one : best;
  });
}

// --- what the files say of a mandate ------------------------------------------------------------

/** [{record, index}]: the records of a kind about a subject, and where they stand (null: nowhere). */
function recordsOf({ proved }, kind, about) {
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

function indexOf(proved, id) {
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
function receiptsOf({ proved }, ...ids) {
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
async function chainOf(asked, mandateId) {
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
function motionOf(proved, version) {
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

// --- one judge a kind ----------------------------------------------------------------------------

function reportOf(asked, [verdict, reason], ...ids) {
  const { chosen } = asked;
  const { subject, bundle } = chosen;
  const receipts = receiptsOf(asked, ...ids.map(toHex));
  const charter = chosen.authorities.get(toHex(subject.council)).charters.at(-1);
  return {
    verdict,
    reason,
    kind: bundle.kind,
    id: bundle.subject,
    council: subject.council,
    name: charter.body.get("name"),
    recordKind: subject.kind,
    time: subject.time,
    newestReceipt: receipts.length > 0 ? receipts.at(-1).time : null,
    receipts: receipts.length,
    head: chosen.head,
  };
}

const JUDGES = {
  async mandate(asked) {
    const { subject } = asked.chosen;
    const chain = await chainOf(asked, subject.id);
    const [{ mandate, history }] = chain;
    const verdicts = chain.map((one) => mandateVerdict(one.mandate, one.history, asked.at));
    if (mandate.has("above") && chain.length === 1) verdicts.push(["UNKNOWN", "mandate-unknown"]);
    const verdict = verdicts.find(([outcome]) => outcome !== "VALID") ?? VALID;
    const state = stateAt(mandate, history, asked.at);
    return { ...reportOf(asked, verdict, subject.id), mandate, state };
  },

  async act(asked) {
    const { subject } = asked.chosen;
    const chain = await chainOf(asked, subject.subject);
    const [{ mandate, acts, record }] = chain;
    const one = acts.find(({ id }) => equal(id, subject.id));
    const motion = motionOf(asked.proved, subject.body.get("motion"));
    const positions = recordsOf(asked, "position", motion);
    const overridden =
      subject.body.get("kind") === "vote" && chain.some(({ own }) => positions.some(own));
    const covers = chain.map((each) => {
      const answers = recordsOf(asked, "ratify", subject.id)
        .filter(each.own)
        .sort((x, y) => x.index - y.index);
      const ratified = answers.length > 0 ? answers[0].record.body.get("value") === "yes" : null;
      return { ...each, ratified };
    });
    const aboveMissing = mandate.has("above") && chain.length === 1;
    const verdict = actVerdict(one, acts, covers, { overridden, aboveMissing });
    return { ...reportOf(asked, verdict, subject.id, record.id), mandate, act: subject.body };
  },

  certificate(asked) {
    const decision = certified(asked.chosen);
    return { ...reportOf(asked, VALID), decision };
  },

  record(asked) {
    const { subject } = asked.chosen;
    if (!isInLog(asked.chosen, toHex(subject.id))) refuse("bundle-missing");
    return reportOf(asked, VALID, subject.id);
  },
};

/** The verdict on the act that is asked about, in the form of `verify` but for pinning. */
export const actReport = (asked) => JUDGES.act(asked);
