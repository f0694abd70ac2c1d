// A mandate's life as one table (specs/06, TEN): the same rows as the diagram in the document.

export const TABLE = {
  granted: { begins: "in-force", doubled: "stopped", ends: "ended", recall: "recalled" },
  "in-force": { late: "overdue", doubled: "stopped", ends: "holdover", recall: "recalled" },
  overdue: { reported: "in-force", doubled: "stopped", ends: "ended", recall: "recalled" },
  stopped: { ends: "ended", recall: "recalled" },
  holdover: { late: "ended", doubled: "ended", lapses: "ended", recall: "recalled" },
  ended: { recall: "recalled" },
  recalled: {},
};
const ORDER = ["begins", "reported", "late", "doubled", "ends", "lapses", "recall"];
const OVERDUE_S = 14 * 86400;

/**
 * The state after all that has happened by `at`. `history` is {recalled: [time], reported: Map
 * of due date to time, doubled: time or null, fault: reason or null}.
 */
export function stateAt(mandate, history, at) {
  const ends = mandate.get("until") + 1;
  const events = [
    [mandate.get("starts"), "begins"],
    [ends, "ends"],
    [ends + (mandate.get("holdover")?.[0] ?? 0), "lapses"],
    ...history.recalled.map((time) => [time, "recall"]),
    ...lateness(mandate, history.reported),
  ];
  if (history.doubled !== null) events.push([history.doubled, "doubled"]);
  events.sort(([a, one], [b, other]) => a - b || ORDER.indexOf(one) - ORDER.indexOf(other));
  let state = "granted";
  for (const [time, event] of events) {
    if (time > at) break;
    state = TABLE[state][event] ?? state;
  }
  return state;
}

/** When a first report is late and when none is any more; some reports may overlap. */
function lateness(mandate, reported) {
  const grace = mandate.get("overdue") ?? OVERDUE_S;
  const edges = new Map(); // time -> how many more reports are late from then on
  const note = (time, step) => edges.set(time, (edges.get(time) ?? 0) + step);
  for (const due of mandate.get("reports") ?? []) {
    const since = due + grace + 1;
    const there = reported.get(due) ?? Infinity;
    if (there <= since) continue;
    note(since, 1);
    if (there !== Infinity) note(there, -1);
  }
  const out = [];
  let late = 0;
  for (const [time, step] of [...edges].sort(([a], [b]) => a - b)) {
    if (late === 0 && late + step > 0) out.push([time, "late"]);
    if (late > 0 && late + step === 0) out.push([time, "reported"]);
    late += step;
  }
  return out;
}
