// The verify page: files, pasted text or a camera in, plain words out. Nothing is ever fetched,
// and no text of a record becomes markup.

import { decodeBrief, isBrief } from "./brief.js";
import { toHex } from "./bytes.js";
import { byId, definitions, element, hasCamera, scan } from "./dom.js";
import { Refusal, refuse } from "./errors.js";
import { verify } from "./judge.js";
import { joinParts, PART } from "./parts.js";
import { decodeArmor, decodeId, decodeQr } from "./text.js";
import { words } from "./words.js";

const KEPT = "confed.council.";
const NOTHING = { council: null, id: null, name: null, pinned: false, newestReceipt: null };

/** The bytes of the files in pasted text: armor, QR text, or the parts of one. */
export function filesIn(text) {
  const pasted = text.trim();
  if (pasted === "") return [];
  if (pasted.startsWith("-----BEGIN")) {
    const { type, data } = decodeArmor(`${pasted}\n`);
    return type === "BUNDLE" ? [data] : refuse("bundle-magic");
  }
  const lines = pasted.split(/\s+/);
  const parts = lines.filter((line) => line.startsWith(PART));
  const others = lines.filter((line) => !line.startsWith(PART));
  const whole = others.map((line) => {
    const { type, data } = decodeQr(line);
    return type === "BUNDLE" ? data : refuse("bundle-magic");
  });
  return parts.length > 0 ? [joinParts(parts), ...whole] : whole;
}

// --- councils that the reader knows ---------------------------------------------------------------

const coded = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
const decoded = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

/** The files kept here of the councils whose mandates stand in brief among `files` (BRF-3). */
export function keptFor(files) {
  const councils = files.filter(isBrief).map((one) => decodeBrief(one).fields.get("council"));
  const texts = councils.map((council) => localStorage.getItem(KEPT + toHex(council)));
  return texts.filter((text) => text !== null).map(decoded);
}

/** Keep a file of a council, for mandates in brief that come without one. */
function keep(council, file) {
  localStorage.setItem(KEPT + toHex(council), coded(file));
  byId("keep").hidden = true;
}

/** What the page does with files: a report, or the reason for which bytes are refused. */
export async function check(files, trust, at) {
  try {
    if (files.length === 0) refuse("enc-empty");
    return await verify([...files, ...keptFor(files)], trust, at);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { verdict: "UNKNOWN", reason: error.reason, kind: null, ...NOTHING };
  }
}

function show(report, at) {
  const [heading, rows, notes] = words(report, at);
  const unknown = document.createElement("ul");
  for (const note of notes) unknown.append(element("li", note));
  const kind = { VALID: "valid", VOID: "void" }[report.verdict] ?? "unknown";
  const answer = byId("answer");
  answer.replaceChildren(element("h2", heading, kind), definitions(rows));
  if (notes.length > 0) answer.append(element("h3", "What these files cannot tell"), unknown);
  answer.dataset.verdict = report.verdict;
  answer.dataset.reason = report.reason ?? "";
}

async function run() {
  const given = byId("at").value;
  const at = given === "" ? Math.floor(Date.now() / 1000) : Date.parse(`${given}Z`) / 1000;
  let [files, trust, refused] = [[], [], null];
  try {
    files = filesIn(byId("pasted").value);
    const known = byId("trust").value.trim();
    trust = known === "" ? [] : known.split(/[\s,]+/).map((one) => decodeId("cfr", one));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused = error.reason;
  }
  for (const file of byId("files").files) {
    files.push(new Uint8Array(await file.arrayBuffer()));
  }
  const report =
    refused === null
      ? await check(files, trust, at)
      : { verdict: "UNKNOWN", reason: refused, kind: null, ...NOTHING };
  show(report, at);
  const [file] = files.filter((one) => !isBrief(one));
  const offered = report.verdict === "VALID" && file !== undefined && report.decision === undefined;
  byId("keep").hidden = !offered;
  byId("keep").onclick = () => keep(report.council, file);
}

/** Read QR codes until they make a whole file; the parts of one add up. */
async function camera() {
  const pasted = byId("pasted");
  const before = pasted.value.split(/\s+/).filter((one) => one !== "");
  let whole = false;
  const isWhole = (texts) => {
    pasted.value = [...new Set([...before, ...texts])].join("\n");
    try {
      whole = filesIn(pasted.value).length > 0;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error; // a part is still missing
    }
    return whole;
  };
  try {
    await scan(byId("video"), isWhole);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    byId("answer").replaceChildren(element("h2", `No camera: ${error.message}`, "unknown"));
    return;
  }
  if (whole) await run();
}

/** Connect the page's buttons. */
export function start() {
  byId("check").addEventListener("click", run);
  byId("clear").addEventListener("click", () => {
    byId("files").value = "";
    byId("pasted").value = "";
    byId("answer").replaceChildren();
    byId("video").hidden = true;
    byId("keep").hidden = true;
  });
  byId("camera").hidden = !hasCamera();
  byId("camera").addEventListener("click", camera);
  globalThis.confed = { check, filesIn };
}
