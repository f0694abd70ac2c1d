// The verdict on one or more `.confed` files, read together (specs/12, BUN-13 to BUN-18).

import { briefReport, decodeBrief, isBrief, unprovedBrief } from "./brief.js";
import { compare, equal, toHex } from "./bytes.js";
import { decodeContainer } from "./bundle.js";
import { certified } from "./certificate.js";
import { Refusal, refuse } from "./errors.js";
import { isInLog, prove } from "./evidence.js";
import { actVerdict, mandateVerdict, timeOf, VALID } from "./mandate.js";
import { chainOf, motionOf, receiptsOf, recordsOf } from "./mandated.js";
import { headsOf, stays } from "./standing.js";
import { stateAt } from "./tenure.js";

const RANK = ["act", "mandate", "certificate", "record"];
const NONE = new Uint8Array();

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
    const everything = [...proved, ...proved.flatMap(({ beside }) => beside)];
    checkTogether(everything);
    const asked = { chosen: choose(proved), proved: everything, at };
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
    for (const bundle of bundles) {
      const given = await prove(bundle);
      proved.push(given, ...given.beside);
    }
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

// --- one judge a kind ----------------------------------------------------------------------------

/** The mandate above a link, if the files prove it: whose it is, and what it says (LVL-1). */
function aboveOf(asked, [, upper]) {
  if (upper === undefined) return null;
  const { council, id } = upper.record;
  const state = stateAt(upper.mandate, upper.history, asked.at);
  const proved = asked.proved.find(({ records }) => records.has(toHex(id)));
  const name = proved.authorities.get(toHex(council)).charters.at(-1).body.get("name");
  return { id, council, name, mandate: upper.mandate, state };
}

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
    heads: headsOf(asked.proved),
    final: false,
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
    const final = stays(asked, subject, verdict, asked.at);
    const above = aboveOf(asked, chain);
    return { ...reportOf(asked, verdict, subject.id), mandate, above, state, final };
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
    const final = stays(asked, record, verdict, one.received === null ? null : timeOf(one));
    const about = reportOf(asked, verdict, subject.id, record.id);
    return { ...about, mandate, above: aboveOf(asked, chain), act: subject.body, final };
  },

  certificate(asked) {
    const decision = certified(asked.chosen);
    return { ...reportOf(asked, VALID), decision, final: true };
  },

  record(asked) {
    const { subject } = asked.chosen;
    if (!isInLog(asked.chosen, toHex(subject.id))) refuse("bundle-missing");
    return reportOf(asked, VALID, subject.id);
  },
};

/** The verdict on the act that is asked about, in the form of `verify` but for pinning. */
export const actReport = (asked) => JUDGES.act(asked);
