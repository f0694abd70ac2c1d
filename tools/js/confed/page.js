// The verify page: files, pasted text or a camera in, plain words out. Nothing is ever fetched,
// and no text of a record becomes markup.

import { concat, toHex } from "./bytes.js";
import { Refusal, refuse } from "./errors.js";
import { verify } from "./judge.js";
import { joinParts } from "./parts.js";
import { decodeArmor, decodeId, decodeQr } from "./text.js";
import { shown, words } from "./words.js";

/** The bytes of the files in pasted text: armor, QR text, or the parts of one. */
export function filesIn(text) {
  const pasted = text.trim();
  if (pasted === "") return [];
  if (pasted.startsWith("-----BEGIN")) {
    const { type, data } = decodeArmor(`${pasted}\n`);
    return type === "BUNDLE" ? [data] : refuse("bundle-magic");
  }
  const lines = pasted.split(/\s+/);
  const parts = lines.filter((line) => line.startsWith("CONFED:PART/"));
  const others = lines.filter((line) => !line.startsWith("CONFED:PART/"));
  const whole = others.map((line) => {
    const { type, data } = decodeQr(line);
    return type === "BUNDLE" ? data : refuse("bundle-magic");
  });
  return parts.length > 0 ? [joinParts(parts), ...whole] : whole;
}

/** What the page does with files: a report, or the reason for which bytes are refused. */
export async function check(files, trust, at) {
  try {
    if (files.length === 0) refuse("enc-empty");
    return await verify(files, trust, at);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const nothing = { council: null, id: null, name: null, pinned: false, newestReceipt: null };
    return { verdict: "UNKNOWN", reason: error.reason, kind: null, ...nothing };
  }
}

function element(name, text, className = "") {
  const out = document.createElement(name);
  out.textContent = shown(text);
  if (className) out.className = className;
  return out;
}

function show(report, at) {
  const [heading, rows, notes] = words(report, at);
  const list = document.createElement("dl");
  for (const [name, value] of rows) list.append(element("dt", name), element("dd", value));
  const unknown = document.createElement("ul");
  for (const note of notes) unknown.append(element("li", note));
  const kind = { VALID: "valid", VOID: "void" }[report.verdict] ?? "unknown";
  const answer = document.getElementById("answer");
  answer.replaceChildren(element("h2", heading, kind), list);
  if (notes.length > 0) answer.append(element("h3", "What these files cannot tell"), unknown);
  answer.dataset.verdict = report.verdict;
  answer.dataset.reason = report.reason ?? "";
}

async function run() {
  const given = document.getElementById("at").value;
  const at = given === "" ? Math.floor(Date.now() / 1000) : Date.parse(`${given}Z`) / 1000;
  let [files, trust, refused] = [[], [], null];
  try {
    files = filesIn(document.getElementById("pasted").value);
    const known = document.getElementById("trust").value.trim();
    trust = known === "" ? [] : known.split(/[\s,]+/).map((one) => decodeId("cfr", one));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused = error.reason;
  }
  for (const file of document.getElementById("files").files) {
    files.push(new Uint8Array(await file.arrayBuffer()));
  }
  const nothing = { council: null, id: null, name: null, pinned: false, newestReceipt: null };
  const report =
    refused === null
      ? await check(files, trust, at)
      : { verdict: "UNKNOWN", reason: refused, kind: null, ...nothing };
  show(report, at);
}

/** Read QR codes by the browser's own detector, where there is one; parts add up. */
async function camera() {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const video = document.getElementById("video");
  const constraints = { video: { facingMode: "environment" } };
  const stream = await navigator.mediaDevices.getUserMedia(constraints);
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const pasted = document.getElementById("pasted");
  const seen = new Set(pasted.value.split(/\s+/).filter((one) => one !== ""));
  const turn = async () => {
    if (video.hidden) return;
    for (const { rawValue } of await detector.detect(video)) seen.add(rawValue);
    pasted.value = [...seen].join("\n");
    try {
      if (filesIn(pasted.value).length > 0) {
        video.hidden = true;
        for (const track of stream.getTracks()) track.stop();
        await run();
        return;
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error; // a part is still missing
    }
    requestAnimationFrame(turn);
  };
  await turn();
}

/** Connect the page's buttons. */
export function start() {
  document.getElementById("check").addEventListener("click", run);
  document.getElementById("clear").addEventListener("click", () => {
    document.getElementById("files").value = "";
    document.getElementById("pasted").value = "";
    document.getElementById("answer").replaceChildren();
    document.getElementById("video").hidden = true;
  });
  const button = document.getElementById("camera");
  const has = "BarcodeDetector" in globalThis && navigator.mediaDevices !== undefined;
  button.hidden = !has;
  if (has) button.addEventListener("click", camera);
  globalThis.confed = { check, filesIn, toHex, concat };
}
