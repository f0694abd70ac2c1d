// One council's chain of logs: what of it counts, judged at each record's place (specs/04, AUT).
// `given`: what is held, see council.js. Nothing here waits or depends on any order.

import { Authority } from "./authority.js";
import { compare, equal, toHex } from "./bytes.js";
import { Confirmations, founds, lastOf, openingOf } from "./confirmed.js";
import { logId } from "./ids.js";
import { SUSPENSION_S } from "./limits.js";

/** Said in rounds: nothing takes them back (CER-6). */
const FINAL_WORDS = new Set(["status", "vote", "lock"]);

const isNode = (leaf) => leaf.record?.kind === "node";

/** Why a node record that `opens` a log may not stand at `index` of this one (NOD-2, NOD-4). */
function placeFault(log, record, index, opens) {
  if (record.kind !== "node" || index === 0) return null;
  if (opens !== log.id) return "log-id"; // it opens another log; here it is a mere copy
  if (!record.body.has("last")) {
    return record.body.get("number") === 1 && index !== 1 ? "node-previous" : null;
  }
  const last = lastOf(record);
  const held = last.log === log.id && last.size <= index && log.has(last.size, last.root);
  return held ? null : "node-last";
}

/** Whether a mandate was granted before a place (CAR-2). */
const knows = (at, mandate) =>
  mandate !== undefined && at.mandates.has(toHex(mandate)) ? null : "mandate-unknown";

export class Chain {
  constructor(network, given) {
    Object.assign(this, { network, ...given });
    this.carriages.sort(
      (a, b) =>
        a.size - b.size ||
        a.time - b.time ||
        compare(a.record.id, b.record.id) ||
        compare(a.carrier, b.carrier),
    );
    this.authority = new Authority(network);
    this.faults = new Map(); // log -> a reason or null for each leaf
    this.carried = new Map(); // carrier -> reason or null
    this.stops = new Map(); // key and charter version -> until when a carried suspension stops it
    this.seen = new Set();
    this.suspended = new Set(); // carried suspensions, by keyholder and charter
    this.offers = this.#offers();
    this.confirmed = new Confirmations(this.logs, this.received, (record) => this.#opens(record));
    this.#run();
    for (const { id, leaves } of this.logs.values()) {
      if (!this.faults.has(id)) this.faults.set(id, leaves.map(() => "log-start"));
    }
  }

  /** Where the council stands at `now`, carried suspensions included. */
  stateAt(now) {
    const [state, { node }] = [this.authority.stateAt(now), this.authority];
    const version = this.authority.charters.length;
    const stopped = node !== null && now < (this.stops.get(`${toHex(node.key)} ${version}`) ?? 0);
    return state === "active" && stopped ? "suspended" : state;
  }

  /** Every node record that opens another log than the one it stands in, by the log it ends. */
  #offers() {
    const found = this.carriages.map(({ record }) => record).filter(({ kind }) => kind === "node");
    for (const { id, leaves } of this.logs.values()) {
      leaves.forEach((leaf, index) => {
        if (isNode(leaf) && (index === 0 || this.#opens(leaf.record) !== id)) {
          found.push(leaf.record);
        }
      });
    }
    const out = new Map();
    for (const record of found) {
      if (this.#staysHome(record)) continue;
      const { log } = lastOf(record);
      if (!out.has(log)) out.set(log, new Map());
      out.get(log).set(toHex(record.id), record);
    }
    return out;
  }

  /** A first node record and a renewal are for their own log alone (NOD-2, NOD-4). */
  #staysHome(record) {
    if (record.kind !== "node") return false;
    return !record.body.has("last") || this.#opens(record) === lastOf(record).log;
  }

  #opens(record) {
    if (record.kind !== "node") return null;
    return toHex(logId(this.network, record.council, record.body.get("key")));
  }

  #offered(log) {
    return [...(this.offers.get(log)?.values() ?? [])];
  }

  // --- the walk ------------------------------------------------------------------------------

  #run() {
    const { authority } = this;
    let [log, opening, forced] = this.#start();
    while (log !== null) {
      const { after, repair } = this.#oneLog(log, opening, forced);
      log = null;
      if (after.length === 1) {
        [opening, forced] = [after[0], repair];
        authority.enter("replacement", opening);
        log = this.#opens(opening);
      } else if (after.length > 1) {
        const found = this.#repaired(after);
        if (found !== null) {
          [opening, forced] = found;
          log = this.#opens(opening);
        }
      }
    }
    for (const { carrier } of this.carriages) {
      if (!this.carried.has(toHex(carrier))) this.carried.set(toHex(carrier), "carried-head");
    }
  }

  /** [log, opening, repair]: where the chain begins, and what settles it where two could (NOD-7). */
  #start() {
    const founding = [...this.logs.values()].filter(founds);
    if (founding.length === 0) return [null, null, null];
    const charter = founding[0].leaves[0].record;
    const trial = this.authority.copy();
    trial.admit(charter);
    const rivals = founding
      .filter(({ leaves }) => leaves.length > 1 && isNode(leaves[1]))
      .map(({ id, leaves }) => ({ id, node: leaves[1].record }))
      .filter(({ id, node }) => this.#opens(node) === id && trial.judge(node) === null)
      .sort((a, b) => compare(a.node.id, b.node.id));
    if (rivals.length < 2) {
      const ids = founding.map(({ id }) => id).sort();
      return [rivals[0]?.id ?? ids[0], null, null];
    }
    this.authority.admit(charter);
    this.seen.add(toHex(charter.id));
    const nodes = rivals.map(({ node }) => node);
    const places = nodes.map((record) => ({ record, at: this.authority.copy() }));
    const kept = this.#kept(places);
    if (kept !== null) {
      this.#lose(places.filter(({ record }) => !equal(record.id, kept[0].id)), [kept[0]]);
      this.authority.state = "node-fork";
      this.authority.enter("node repair", kept[0]);
    }
    const found = kept ?? this.#repaired(nodes);
    return found === null ? [null, null, null] : [this.#opens(found[0]), ...found];
  }

  /** Judge one log as far as it counts; the node records that may follow it, and a repair. */
  #oneLog(id, opening, forced) {
    const log = this.logs.get(id) ?? { id, leaves: [], has: () => false };
    const offers = forced === null ? this.#offered(id) : [];
    const wanted = new Set(offers.map((offer) => lastOf(offer).size));
    for (const carriage of this.carriages) if (carriage.log === id) wanted.add(carriage.size);
    const trial = this.authority.copy();
    const { length } = log.leaves;
    const whole = this.#walk(log, trial, opening, length, wanted, new Map(), new Set(this.seen));
    const following = forced === null ? this.#successors(log, offers, whole.marks) : [];
    const next = { after: forced === null ? [] : [forced], repair: null, lost: [], torn: false };
    if (following.length > 0) Object.assign(next, this.#settled(log, following));
    const { after, repair, lost, torn } = next;
    const { cut, past } = this.#cut(log, torn ? lost.map(({ record }) => record) : after, torn);
    const end = Math.min(cut ?? length, length);
    const rivals = this.#rivals(log, whole.marks, end);
    const { authority, seen } = this;
    const { faults, marks } = this.#walk(log, authority, opening, end, wanted, rivals, seen);
    this.faults.set(id, withFinalWords(log, faults, whole.faults, past));
    this.#carry(log, marks);
    if (torn) {
      const first = lost.reduce((a, b) => (lastOf(b.record).size < lastOf(a.record).size ? b : a));
      this.authority = first.at.copy();
      this.authority.state = "node-fork";
    } else if (cut !== null && after.length === 0) {
      authority.state = "log-fork";
    }
    this.#lose(lost, after);
    return { after, repair };
  }

  /** Admit leaves up to `end`; keeps the authority at the sizes `wanted`. */
  #walk(log, authority, opening, end, wanted, rivals, seen) {
    const [faults, marks] = [[], new Map()];
    for (let index = 0; index <= end; index += 1) {
      for (const rival of rivals.get(index) ?? []) authority.meetRival(rival);
      if (wanted.has(index)) marks.set(index, authority.copy());
      if (index === end) break;
      const { record, fault: unreadable } = log.leaves[index];
      if (record === undefined) {
        faults.push(unreadable);
        continue;
      }
      const id = toHex(record.id);
      let fault = null;
      if (!seen.has(id) && !(opening !== null && equal(opening.id, record.id))) {
        fault = placeFault(log, record, index, this.#opens(record)) ?? authority.admit(record);
        fault ??= this.bad.get(id) ?? null;
      }
      if (fault === null) seen.add(id);
      faults.push(fault);
    }
    return { faults, marks };
  }

  // --- what follows a log --------------------------------------------------------------------

  /** Each with the authority `at` the place that it names. */
  #successors(log, offers, marks) {
    return offers
      .sort((a, b) => compare(a.id, b.id))
      .map((record) => ({ record, at: marks.get(lastOf(record).size) }))
      .filter(({ record, at }) => {
        const { size, root } = lastOf(record);
        return at !== undefined && log.has(size, root) && at.judge(record) === null;
      });
  }

  /** What follows a log, where others have confirmed one of several branches (NOD-11). */
  #settled(log, found) {
    const end = found.length > 1 ? this.confirmed.received(log.id) : this.received(log.id);
    const isStale = ({ record, at }) =>
      this.confirmed.between(log, lastOf(record).size, end, at).length > 0;
    const stale = found.filter(isStale);
    if (stale.some(({ record, at }) => this.confirmed.of(record, at).length > 0)) {
      return { after: [], lost: found, torn: true };
    }
    const fresh = found.filter((one) => !stale.includes(one));
    const kept = fresh.length > 1 ? this.#kept(fresh) : null;
    if (kept === null) return { after: fresh.map(({ record }) => record), lost: stale };
    const lost = found.filter(({ record }) => !equal(record.id, kept[0].id));
    return { after: [kept[0]], repair: kept[1], lost };
  }

  /** [rival, repair]: of several the one that alone was confirmed, and the repair that was. */
  #kept(rivals) {
    const sure = rivals.filter(({ record, at }) => this.confirmed.of(record, at).length > 0);
    if (sure.length !== 1) return null;
    const [{ record, at }] = sure;
    const log = this.logs.get(this.#opens(record));
    const end = this.confirmed.received(log.id);
    const found = this.#repairs(record, rivals.map((one) => one.record), at)
      .filter((offer) => this.confirmed.of(offer, at).length > 0)
      .filter((offer) => this.confirmed.between(log, lastOf(offer).size, end, at).length === 0);
    return [record, found.length === 1 ? found[0] : null];
  }

  /** Of branches that are not kept, only what others received counts (NOD-7). */
  #lose(lost, kept) {
    const opened = kept.map((record) => this.#opens(record));
    for (const { record, at } of lost) {
      if (!opened.includes(this.#opens(record))) this.#branch(record, at);
    }
  }

  /** Where a log ends to count, what others received excepted (NOD-6, FRK-5). */
  #cut(log, after, torn) {
    const received = this.received(log.id);
    if (after.length > 0) {
      const size = Math.min(...after.map((record) => lastOf(record).size));
      const past = after.length === 1 && !torn ? "node-replaced" : "node-fork";
      return { cut: Math.max(size, received), past };
    }
    const forked = this.forked.get(log.id);
    if (forked === undefined) return { cut: null, past: null };
    return { cut: Math.max(forked, received), past: "log-fork" };
  }

  /** [kept, repair] of rival node records, or null; of the others what was received (NOD-7). */
  #repaired(rivals) {
    const common = this.authority.copy();
    const asked = rivals.flatMap((rival) => this.confirmed.of(rival, common));
    const repairs = rivals.flatMap((rival) =>
      this.#repairs(rival, rivals, common)
        .filter((offer) => asked.every((charter) => common.meets(charter.body, offer)))
        .map((offer) => [rival, offer]),
    );
    const kept = repairs.length === 1 ? repairs[0] : null;
    for (const rival of rivals) {
      if (kept === null || !equal(rival.id, kept[0].id)) this.#branch(rival, common);
    }
    this.authority.state = "node-fork";
    if (kept !== null) this.authority.enter("node repair", kept[0]);
    return kept;
  }

  /** The records that would keep one of several rivals, by the threshold `at` (NOD-7). */
  #repairs(rival, rivals, at) {
    const log = this.logs.get(this.#opens(rival));
    const closed = rivals.map((one) => this.#opens(one)); // (NOD-5)
    return this.#offered(this.#opens(rival)).filter((offer) => {
      const { size, root } = lastOf(offer);
      if (closed.includes(this.#opens(offer)) || !log?.has(size, root)) return false;
      return at.repairs(offer, rival.id);
    });
  }

  /** A branch that is not kept, log after log: only what others received of it counts. */
  #branch(rival, common) {
    const branches = [{ record: rival, at: common }];
    while (branches.length > 0) branches.push(...this.#oneBranch(branches.pop()));
  }

  #oneBranch({ record: rival, at: common }) {
    const log = this.logs.get(this.#opens(rival));
    const opening = log === undefined ? null : openingOf(log);
    if (opening === null || !equal(opening.id, rival.id)) return []; // begun by another record
    const authority = common.copy();
    authority.enter("replacement", rival);
    const [trial, none] = [authority.copy(), new Set()];
    const { length } = log.leaves;
    const whole = this.#walk(log, trial, rival, length, none, new Map(), new Set(this.seen));
    const sure = founds(log) ? 1 : 0; // both of two first logs begin with the charter
    const end = Math.min(Math.max(this.confirmed.received(log.id), sure), length);
    const offers = this.#offered(log.id);
    const wanted = new Set(offers.map((offer) => lastOf(offer).size));
    const { faults, marks } = this.#walk(log, authority, rival, end, wanted, new Map(), this.seen);
    this.faults.set(log.id, withFinalWords(log, faults, whole.faults, "node-fork"));
    return this.#successors(log, offers, marks).filter(
      ({ record }) => this.confirmed.received(this.#opens(record)) > 0,
    );
  }

  // --- carriage ------------------------------------------------------------------------------

  /** Carried charters, by the index at which they meet the log's own (CHA-7). */
  #rivals(log, marks, end) {
    const out = new Map();
    const own = new Set(log.leaves.map(({ record }) => record && toHex(record.id)));
    for (const { record, size, root, log: named } of this.carriages) {
      const at = marks.get(size);
      if (named !== log.id || record.kind !== "charter" || at === undefined) continue;
      if (!log.has(size, root) || own.has(toHex(record.id)) || at.judge(record) !== null) continue;
      const index = log.leaves.findIndex(
        (leaf, i) =>
          i >= size && leaf.record?.kind === "charter" && leaf.record.charter === record.charter,
      );
      if (index < this.received(log.id) || index >= end) continue; // received: none meets it
      const found = out.get(index + 1) ?? [];
      if (found.some((other) => equal(other.id, record.id))) continue;
      out.set(index + 1, [...found, record]);
    }
    return out;
  }

  #carry(log, marks) {
    for (const carriage of this.carriages) {
      const { record, size, root } = carriage;
      const [carrier, at] = [toHex(carriage.carrier), marks.get(size)];
      if (carriage.log !== log.id || this.carried.has(carrier)) continue;
      if (at === undefined || !log.has(size, root)) continue;
      let fault = at.judge(record);
      if (fault === null && this.#staysHome(record)) fault = "log-id";
      if (fault === null && record.kind === "recall") fault = knows(at, record.subject);
      if (fault === null && record.kind === "suspension") fault = this.#stop(carriage);
      this.carried.set(carrier, fault);
    }
  }

  #stop({ record, time }) {
    const target = `${toHex(record.body.get("key"))} ${record.charter}`;
    if (record.body.get("lift") === true) {
      this.stops.delete(target);
      return null;
    }
    const once = `${toHex(record.signers[0])} ${record.charter}`;
    if (this.suspended.has(once)) return "suspension-again";
    this.suspended.add(once);
    const until = Math.max(record.time, time) + SUSPENSION_S;
    this.stops.set(target, Math.max(until, this.stops.get(target) ?? 0));
    return null;
  }
}

/** `faults`, then `past`; but what was said in rounds is judged in its own log alone (CER-6). */
function withFinalWords(log, faults, whole, past) {
  return log.leaves.map((leaf, index) => {
    const fault = index < faults.length ? faults[index] : past;
    return fault !== null && FINAL_WORDS.has(leaf.record?.kind) ? whole[index] : fault;
  });
}
