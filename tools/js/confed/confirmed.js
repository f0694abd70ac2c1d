// Which of rival branches others have received a later charter of (specs/04, NOD-11).

import { toHex } from "./bytes.js";

export const lastOf = (record) => {
  const [log, size, root] = record.body.get("last");
  return { log: toHex(log), size, root };
};

export const founds = ({ leaves }) =>
  leaves[0]?.record?.kind === "charter" && leaves[0].record.charter === 0;

/** The node record that a log begins with, or null. */
export function openingOf(log) {
  const { record } = log.leaves[founds(log) ? 1 : 0] ?? {};
  return record?.kind === "node" ? record : null;
}

export class Confirmations {
  /** `received`: the size of a log that others witnessed; `opens`: the log of a node record. */
  constructor(logs, received, opens) {
    Object.assign(this, { logs, opens });
    this.before = new Map(); // log -> what its opening names of the one before
    for (const log of logs.values()) {
      const opening = openingOf(log);
      if (opening === null || opens(opening) !== log.id || !opening.body.has("last")) continue;
      if (lastOf(opening).log !== log.id) this.before.set(log.id, lastOf(opening));
    }
    const sizes = [...logs.keys()].map((id) => [id, received(id)]);
    this.covered = new Map(sizes.filter(([, size]) => size > 0));
    for (const id of [...this.covered.keys()]) this.#coverBefore(id);
  }

  /** The size up to which others received a log, or one that continues it. */
  received(id) {
    return this.covered.get(id) ?? 0;
  }

  /** The charters of part of a log that could be the next `at` a place. */
  between(log, start, end, at) {
    return log.leaves
      .slice(start, end)
      .map(({ record }) => record)
      .filter((record) => record?.kind === "charter" && at.judge(record) === null);
  }

  /** The received charters in the branch that a node record opens, next after those `at`. */
  of(rival, at) {
    const first = this.logs.get(this.opens(rival));
    const opening = first === undefined ? null : openingOf(first);
    if (opening === null || toHex(opening.id) !== toHex(rival.id)) return [];
    return [...this.logs.values()]
      .filter(({ id }) => this.#leadsTo(id, first.id))
      .flatMap((log) => this.between(log, 0, this.received(log.id), at));
  }

  #leadsTo(id, first) {
    const passed = new Set();
    let at = id;
    while (at !== undefined && at !== first && !passed.has(at)) {
      passed.add(at);
      at = this.before.get(at)?.log;
    }
    return at === first;
  }

  /** Whoever received a log has received what its opening names of those before. */
  #coverBefore(id) {
    const passed = new Set();
    for (let at = id; this.before.has(at) && !passed.has(at); at = this.before.get(at).log) {
      passed.add(at);
      const { log, size, root } = this.before.get(at);
      if (!this.logs.has(log)) return;
      if (this.logs.get(log).has(size, root)) {
        this.covered.set(log, Math.max(size, this.received(log)));
      }
    }
  }
}
