// A mandate in brief, for whoever has the council's file (specs/12, BRF).

import { compare, concat, equal, toHex } from "./bytes.js";
import { decode, encode } from "./codec.js";
import { verify as verifyEd25519 } from "./ed25519.js";
import { Refusal, refuse } from "./errors.js";
import { isInLog } from "./evidence.js";
import { recordId, TAG_BRIEF } from "./ids.js";
import { INT_MAX, RECORD_MAX_BYTES, SIGNATURES_MAX } from "./limits.js";
import { effectTime, grantFault, mandateVerdict } from "./mandate.js";
import { time } from "./kinds.js";
import { open, parsePayload } from "./record.js";
import { bin, int, list, oneOf, row } from "./schema.js";
import { stateAt } from "./tenure.js";

const MAGIC = "confed-brief";
const START = encode([MAGIC, 1]).subarray(1);
const form = row(
  oneOf(MAGIC),
  oneOf(1),
  bin(0, RECORD_MAX_BYTES),
  list(
    row(int(-INT_MAX, INT_MAX), int(-INT_MAX, INT_MAX), bin(0, RECORD_MAX_BYTES)),
    1,
    SIGNATURES_MAX,
  ),
  time,
  bin(64),
);

/** Whether these bytes begin as a brief does. */
export const isBrief = (data) => equal(data.subarray(1, 1 + START.length), START);

/** {payload, rows, time, standing, fields} of a brief; Refusal bundle-form, or of the bytes. */
export function decodeBrief(data) {
  const value = decode(data);
  if (!form(value)) refuse("bundle-form");
  const [, , payload, rows, seconds, standing] = value;
  const { fields } = parsePayload(payload);
  if (fields.get("kind") !== "mandate") refuse("bundle-form");
  return { payload, rows, time: seconds, standing, fields };
}

/** What of a report is known where nothing is proved. */
export const unprovedBrief = (brief, proved, reason) => ({
  verdict: "UNKNOWN",
  reason,
  kind: "mandate",
  id: recordId(proved[0]?.bundle.network ?? new Uint8Array(32), brief.payload),
  council: null,
  name: null,
  pinned: false,
  newestReceipt: null,
});

/** The report on a brief beside files that prove who its council is; Refusal (BRF-3). */
export async function briefReport(brief, proved, at) {
  const council = brief.fields.get("council");
  const authority = newest(proved.map(({ authorities }) => authorities.get(toHex(council))));
  if (authority === undefined || authority.node === null) refuse("bundle-missing");
  const { network } = proved[0].bundle;
  if (proved.some((one) => !equal(one.bundle.network, network))) refuse("network-mismatch");
  const record = await opened(brief, network, authority);
  await checkStanding(brief, network, authority.node, record.id);
  const mandate = record.body;
  if (mandate.has("above")) refuse("bundle-subject");
  const { body: charter } = authority.charters.at(-1);
  const history = {
    recalled: recallsOf(record, proved),
    reported: new Map(),
    doubled: null,
    fault: grantFault(mandate, charter.get("delegation"), []),
  };
  const [verdict, reason] = mandateVerdict(mandate, history, at);
  return {
    verdict,
    reason,
    kind: "mandate",
    id: record.id,
    council,
    name: charter.get("name"),
    recordKind: "mandate",
    time: record.time,
    newestReceipt: null,
    receipts: 0,
    head: null,
    heads: [],
    final: false,
    mandate,
    state: stateAt(mandate, history, at),
    standing: brief.time,
  };
}

const newest = (found) =>
  found
    .filter((one) => one !== undefined && one.charters.length > 0)
    .sort((a, b) => b.charters.length - a.charters.length || b.nodes.length - a.nodes.length)[0];

/** The record, its signers in full, as its council's authority admits it now. */
async function opened({ payload, rows }, network, authority) {
  const listed = authority.charters.at(-1).body.get("keys");
  const full = rows.map(([number, kind, bytes]) => {
    if (!(number >= 0 && number < listed.length)) refuse("bundle-form");
    return [listed[number], kind, bytes];
  });
  full.sort(([a], [b]) => compare(a, b));
  const record = await open(network, encode([payload, full]));
  const fault = authority.judge(record);
  if (fault !== null) refuse(fault);
  return record;
}

async function checkStanding({ time: seconds, standing }, network, node, id) {
  const fields = new Map(Object.entries({ log: node.log, record: id, time: seconds }));
  try {
    await verifyEd25519(node.key, concat(TAG_BRIEF, network, encode(fields)), standing);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse("head-signature");
  }
  if (seconds > node.body.get("expires")) refuse("node-expired");
}

/** From when the recalls in other files take effect (RCL-2). */
function recallsOf(mandate, proved) {
  return proved.flatMap((one) =>
    [...one.records].flatMap(([id, record]) => {
      const isOurs = record.kind === "recall" && equal(record.subject, mandate.id);
      if (!isOurs || !equal(record.council, mandate.council) || !isInLog(one, id)) return [];
      const index = Math.min(...one.places.get(id).values());
      return [effectTime(record.time, index, [[one.head.size, one.head.time]])];
    }),
  );
}
