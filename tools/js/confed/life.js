// A council's life: what may come in which state, what follows, why all else is refused
// (specs/04, LIF-1).

const running = (state) => ({
  "next charter": state,
  "rival charter": "charter-fork",
  renewal: "active",
  replacement: "active",
  keyholders: state,
  delegate: state,
});

/** State -> event -> state. Expiry and the end of a suspension are the clock's. */
const LIFE = {
  unknown: { "first charter": "chartered" },
  chartered: {
    "next charter": "chartered",
    "rival charter": "charter-fork",
    "first node": "active",
    keyholders: "chartered",
  },
  active: { ...running("active"), suspension: "suspended", lift: "active", node: "active" },
  suspended: { ...running("suspended"), suspension: "suspended", lift: "active" },
  expired: { ...running("expired"), suspension: "expired", lift: "expired" },
  "charter-fork": { "charter repair": "active" },
  "node-fork": { "node repair": "active" },
  "log-fork": { replacement: "active" },
};

const REFUSALS = {
  unknown: "council-unknown",
  chartered: "node-key",
  active: "node-number",
  suspended: "node-suspended",
  expired: "node-expired",
  "charter-fork": "charter-fork",
  "node-fork": "node-fork",
  "log-fork": "log-fork",
};

/** {state} after `event`, or {fault}: why it may not come. */
export function step(state, event) {
  const after = LIFE[state][event];
  return after === undefined ? { fault: REFUSALS[state] } : { state: after };
}
