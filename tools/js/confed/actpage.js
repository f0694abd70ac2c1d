// The page for acts by link: a delegate's key in this browser, what is asked, and the signed act.
// It reads its own address and what is put in; nothing is ever fetched or sent.

import { actFile, decodeAsk, encodeAsk, linkOf, ofLink } from "./ask.js";
import * as bech32m from "./bech32m.js";
import { equal, toHex } from "./bytes.js";
import { byId, definitions, element, hasCamera, saving, scan, symbol, tryLater } from "./dom.js";
import { Refusal, refuse, Unfit } from "./errors.js";
import { signingBytes } from "./ids.js";
import { makeKey, storedKey } from "./keystore.js";
import { encodeParts, joinParts, PART } from "./parts.js";
import { encodeRequest, isComplete, withSignature } from "./signrequest.js";
import { encodeArmor, fingerprint } from "./text.js";
import { mandateTerms, moment } from "./terms.js";
import { quoted, UNFIT, why } from "./words.js";

/** What records, receipts or heads may still change: not a reason against signing. */
const OPEN = new Set(["receipts-missing", "compact-unknown", "report-missing", "condition-unknown"]);

let asked = null; // what decodeAsk gave
let held = null; // the key in this browser, or null

// --- the key -----------------------------------------------------------------------------------

async function showKey(find) {
  const place = byId("key");
  try {
    held = await find();
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    place.replaceChildren(element("p", UNFIT[error.code], "problem"));
    place.dataset.state = error.code;
    byId("make").hidden = true;
    return;
  }
  byId("make").hidden = held !== null;
  place.dataset.state = held === null ? "none" : "held";
  if (held === null) {
    place.replaceChildren(element("p", "There is no key in this browser yet."));
    return;
  }
  const text = bech32m.encode("cfk", held.key);
  const code = document.createElement("details");
  code.append(element("summary", "Your key as a QR code"), symbol(text, "A QR code of your key"));
  code.open = asked === null && globalThis.location.hash === "";
  place.replaceChildren(
    definitions([["your key", text], ["fingerprint", fingerprint(held.key)]]),
    code,
    element("p", "Give it to the council that is to mandate you. It can sign in this browser only, " +
      "and nobody can copy it out: clear the browser's data and it is gone."),
  );
  place.dataset.key = text;
  showSign();
}

// --- what is asked -------------------------------------------------------------------------------

/** The bytes of an act request in pasted text: a link, or QR texts. */
export function askIn(text) {
  const pasted = text.trim();
  if (pasted.includes("#ask=")) return ofLink(pasted);
  const parts = pasted.split(/\s+/);
  return parts.every((part) => part.startsWith(PART)) ? joinParts(parts) : refuse("text-scheme");
}

async function read(find) {
  const place = byId("asked");
  asked = null;
  place.replaceChildren();
  byId("answer").replaceChildren();
  delete byId("answer").dataset.done;
  showSign();
  try {
    asked = await decodeAsk(await find());
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Unfit)) throw error;
    const reason = error.reason ?? error.code;
    const said = UNFIT[reason] ?? `This is no act that can be signed (${reason}): ${why(reason)}.`;
    place.replaceChildren(element("p", said, "problem"));
    place.dataset.verdict = "";
    place.dataset.reason = reason;
    showSign();
    return;
  }
  const { report } = asked;
  place.replaceChildren(element("h2", headingOf(asked), classOf(report)), definitions(rowsOf(asked)));
  place.scrollIntoView?.({ block: "start" });
  place.dataset.verdict = report.verdict;
  place.dataset.reason = report.reason ?? "";
  showSign();
}

const isVoid = ({ verdict }) => verdict === "VOID";

function classOf(report) {
  if (isVoid(report)) return "void";
  return report.verdict === "VALID" || OPEN.has(report.reason) ? "valid" : "unknown";
}

/** What you would do by signing, in one sentence, from the bytes that are signed (SRQ-4). */
function headingOf({ act, report }) {
  const { name } = report;
  const said = `You act for ${quoted(name)}: ${act.body.get("kind")} "${act.body.get("value")}"`;
  if (isVoid(report)) return `Do not sign: ${why(report.reason)} (${report.reason}). ${said}.`;
  if (report.verdict === "NEEDS-RATIFICATION") return `${said}. The council has to ratify it.`;
  if (report.verdict === "VALID" || OPEN.has(report.reason)) return `${said}. Your mandate covers it.`;
  return `${said}. Whether your mandate covers it is not known: ${why(report.reason)}.`;
}

function rowsOf({ act, mandate, report }) {
  const body = act.body;
  const rows = [
    ["council", quoted(report.name)],
    ["act", `number ${body.get("number")}: ${body.get("kind")}, ${body.get("value")}`],
    ["on the motion", bech32m.encode("cfr", body.get("motion"))],
  ];
  if (body.has("amount")) rows.push(["money", `${body.get("amount")} ${body.get("currency")}`]);
  if (body.has("assembly")) rows.push(["at the assembly", bech32m.encode("cfr", body.get("assembly"))]);
  if (body.has("text")) rows.push(["with a text", toHex(body.get("text"))]);
  rows.push(["dated", moment(act.time)]);
  const motion = bech32m.encode("cfr", body.get("motion"));
  for (const [name, words] of mandateTerms(mandate)) {
    rows.push([name, words.replaceAll(motion, "this motion")]);
  }
  rows.push(["fingerprint of the council", fingerprint(report.council)]);
  rows.push(["id of the council", bech32m.encode("cfr", report.council)]);
  rows.push(["id of the mandate", bech32m.encode("cfr", act.subject)]);
  rows.push(["id of the act", bech32m.encode("cfr", act.id)]);
  return rows;
}

// --- signing ---------------------------------------------------------------------------------------

function showSign() {
  const isOurs = held !== null && asked?.request.keys.some((key) => equal(key, held.key));
  const refused =
    (asked === null && "Open a link, paste its text or read its codes first.") ||
    (held === null && "Make a key first, and be mandated with it.") ||
    (!isOurs && "Your key is not one of this mandate's delegates or substitutes.") ||
    (isVoid(asked.report) && "The act would be void: it is not signed here.") ||
    "";
  byId("sign").disabled = refused !== "";
  byId("why").textContent = refused;
}

async function sign() {
  const shownNow = asked;
  const { request } = shownNow;
  const signature = await held.sign(signingBytes(request.id));
  const signed = await withSignature(request, held.key, 0, signature);
  const file = await actFile({ ...shownNow, request: signed });
  if (asked !== shownNow) return; // another act is on the page by now
  asked = { ...shownNow, request: signed };
  const answer = byId("answer");
  answer.replaceChildren(...(isComplete(signed) ? given(signed, file) : passedOn(signed)));
  answer.scrollIntoView?.({ block: "nearest" });
  answer.dataset.done = toHex(encodeRequest(signed));
  answer.dataset.file = file === null ? "" : toHex(file);
}

const nameOf = ({ id }) => toHex(id).slice(0, 12);

/** The signed act in every form, for `confed submit` and `confed delegate take`. */
function given(signed, file) {
  const data = encodeRequest(signed);
  const links = element("p", "", "buttons");
  links.append(saving(`${nameOf(signed)}.confed-sign`, data, "Save the signed act"));
  if (file !== null) {
    const words = "Save it with the mandate, to show to anyone";
    links.append(saving(`${nameOf(signed)}.confed`, file, words));
  }
  const said = "Signed. Give it back in any of these forms.";
  return [element("h2", said, "valid"), links, codesOf(data), ...copied(encodeArmor("SIGN REQUEST", data))];
}

/** What the next delegate needs, where one signature is not enough (MAN-7). */
function passedOn(signed) {
  const data = encodeAsk(asked);
  const links = element("p", "", "buttons");
  links.append(saving(`${nameOf(signed)}.confed-ask`, data, "Save it for the next delegate"));
  const missing = signed.threshold - signed.signatures.length;
  const said = `Signed; ${missing} more must sign. Pass it on as a link, a file or these codes.`;
  const page = globalThis.location.href.split("#")[0];
  return [element("h2", said, "valid"), links, codesOf(data), ...copied(page + linkOf(data))];
}

function codesOf(data) {
  const codes = element("div", "", "codes");
  const parts = encodeParts(data);
  parts.forEach((part, i) => codes.append(symbol(part, `QR code ${i + 1} of ${parts.length}`)));
  return codes;
}

/** A text to copy, with a button for it. */
function copied(words) {
  const text = element("textarea", "");
  text.setAttribute("aria-label", "The text to copy");
  text.value = words;
  text.readOnly = true;
  text.rows = 8;
  const copy = element("button", "Copy the text");
  copy.addEventListener("click", () => globalThis.navigator.clipboard.writeText(text.value));
  return [text, copy];
}

// --- the page --------------------------------------------------------------------------------------

async function camera() {
  let data = null;
  const isWhole = (texts) => {
    try {
      data = askIn(texts.join("\n"));
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return false; // a part is still missing
    }
  };
  try {
    await scan(byId("video"), isWhole);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    byId("asked").replaceChildren(element("p", `No camera: ${error.message}`, "problem"));
    return;
  }
  if (data !== null) await read(() => data);
}

/** Connect the page's buttons; read what the address asks. */
export async function start() {
  tryLater(() => asked === null);
  byId("make").addEventListener("click", () => showKey(makeKey));
  byId("read").addEventListener("click", () => read(() => askIn(byId("pasted").value)));
  byId("file").addEventListener("change", () =>
    read(async () => new Uint8Array(await byId("file").files[0].arrayBuffer())),
  );
  byId("sign").addEventListener("click", sign);
  byId("camera").hidden = !hasCamera();
  byId("camera").addEventListener("click", camera);
  const open = () => (globalThis.location.hash === "" ? undefined : read(ofHash));
  globalThis.addEventListener("hashchange", open);
  await showKey(storedKey);
  showSign();
  await open();
  document.body.dataset.ready = "yes";
}

const ofHash = () => ofLink(globalThis.location.hash) ?? refuse("text-scheme");
