// The verify page: files, pasted text or a camera in, plain words out. Nothing is ever fetched,
// and no text of a record becomes markup.

import { decodeBrief, isBrief } from "./brief.js";
import { equal, fromUtf8, toHex, utf8 } from "./bytes.js";
import { byId, definitions, element, hasCamera, scan, tryLater } from "./dom.js";
import { Refusal, refuse, Unfit } from "./errors.js";
import { verify } from "./judge.js";
import { BUNDLE_MAX_BYTES } from "./limits.js";
import { joinParts, PART } from "./parts.js";
import { moment } from "./terms.js";
import { decodeArmor, decodeId, decodeQr } from "./text.js";
import { UNFIT, words } from "./words.js";

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

/** A file as it lies on disk, out of the armor or QR text that may be around it. */
async function fileOf(chosen) {
  if (chosen.size > BUNDLE_MAX_BYTES) refuse("enc-size");
  const data = new Uint8Array(await chosen.arrayBuffer());
  const text = ["-----BEGIN CONFED ", "CONFED:"].some((one) => equal(data.subarray(0, one.length), utf8(one)));
  return text ? filesIn(fromUtf8(data) ?? refuse("text-character")) : [data];
}

let given = false; // whether anything was given to check

/** What the page does with files: a report, or the reason for which bytes are refused. */
export async function check(files, trust, at) {
  given = true;
  try {
    if (files.length === 0) refuse("enc-empty");
    return await verify([...files, ...keptFor(files)], trust, at);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return unreadable(error.reason);
  }
}

/** Show elements as the answer, where the reader sees them. */
function answered(...parts) {
  const answer = byId("answer");
  answer.replaceChildren(...parts);
  answer.scrollIntoView?.({ block: "nearest" });
  return answer;
}

function show(report, at) {
  const [heading, rows, notes] = words(report, at);
  const unknown = document.createElement("ul");
  for (const note of notes) unknown.append(element("li", note));
  const kind = { VALID: "valid", VOID: "void" }[report.verdict] ?? "unknown";
  const parts = [element("h2", heading, kind)];
  if (rows.length > 0) parts.push(element("p", `Asked about ${moment(at)}.`), definitions(rows));
  if (notes.length > 0) parts.push(element("h3", "What these files cannot tell"), unknown);
  const answer = answered(...parts);
  answer.dataset.verdict = report.verdict;
  answer.dataset.reason = report.reason ?? "";
}

const unreadable = (reason) => ({ verdict: "UNKNOWN", reason, kind: null, ...NOTHING });

/** All that was given: {files, trust}. Refusal if a text or a file is none of ours. */
async function allGiven() {
  const files = filesIn(byId("pasted").value);
  const known = byId("trust").value.split(/[\s,]+/).filter((one) => one !== "");
  const trust = known.map((one) => decodeId("cfr", one));
  for (const chosen of byId("files").files) files.push(...(await fileOf(chosen)));
  return { files, trust };
}

let again = false; // whether something was asked while another check was under way

/** Check what was given, and show the answer. One at a time: what is asked meanwhile waits. */
async function run() {
  const button = byId("check");
  again = button.disabled;
  if (again) return;
  button.disabled = true;
  byId("keep").hidden = true;
  answered(element("p", "Checking\u2026"));
  try {
    await runNow();
  } catch (error) {
    const said = error instanceof Unfit ? UNFIT[error.code] : `This page failed: ${error}`;
    answered(element("h2", said, "unknown")).dataset.verdict = "";
  } finally {
    button.disabled = false;
  }
  if (again) await run();
}

async function runNow() {
  const chosen = byId("at").value;
  const at = chosen === "" ? Math.floor(Date.now() / 1000) : Date.parse(`${chosen}Z`) / 1000;
  let report;
  let files = [];
  try {
    const all = await allGiven();
    files = all.files;
    report = await check(files, all.trust, at);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    report = unreadable(error.reason);
  }
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
    answered(element("h2", `No camera: ${error.message}`, "unknown"));
    return;
  }
  if (whole) await run();
}

/** Connect the page's buttons. */
export function start() {
  const tried = tryLater(() => !given);
  byId("check").addEventListener("click", run);
  byId("files").addEventListener("change", run);
  byId("clear").addEventListener("click", () => {
    byId("files").value = "";
    byId("pasted").value = "";
    byId("answer").replaceChildren();
    byId("video").hidden = true;
    byId("keep").hidden = true;
  });
  byId("camera").hidden = !hasCamera();
  byId("camera").addEventListener("click", camera);
  globalThis.confed = { check, filesIn, tried };
}
