// What the pages share: elements of plain text, files to save, codes to show and to scan.

import { Unfit } from "./errors.js";
import { qrTextsIn } from "./qrfind.js";
import { qrModules } from "./qrwrite.js";
import { tryOut } from "./trial.js";
import { NAME_FROM, NAME_TO, shown, UNFIT } from "./words.js";

const NAMES = new RegExp(`[${NAME_FROM}${NAME_TO}]`, "u");
const TRIAL_AFTER_MS = 50;
const QUIET = 4; // modules of margin around a symbol
const FRAME_MAX = 1280; // pixels along the longer side that are searched
const MODULE = 6; // pixels of a symbol's module; the style makes it fit the page

export const byId = (id) => document.getElementById(id);

/** An element with text, of which nothing becomes markup; a name in it is set apart. */
export function element(name, text, className = "") {
  const out = document.createElement(name);
  String(text)
    .split(NAMES)
    .forEach((piece, i) => {
      const inside = i % 2 === 1 ? document.createElement("bdi") : out;
      inside.append(shown(piece));
      if (inside !== out) out.append(inside);
    });
  if (className) out.className = className;
  return out;
}

/** A list of names and values; a value without a name goes on with the last. */
export function definitions(rows) {
  const list = document.createElement("dl");
  for (const [name, value] of rows) {
    if (name !== "") list.append(element("dt", name));
    list.append(element("dd", value));
  }
  return list;
}

/** A link that saves bytes as a file. */
export function saving(name, data, words) {
  const out = element("a", words);
  out.href = URL.createObjectURL(new Blob([data], { type: "application/octet-stream" }));
  out.download = name;
  return out;
}

/** A picture of a QR symbol with this text; `words` say what it is to who cannot see it. */
export function symbol(text, words) {
  const rows = qrModules(text);
  const picture = element("canvas", "", "symbol");
  picture.width = picture.height = MODULE * (rows.length + 2 * QUIET);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", words);
  const pen = picture.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.fillStyle = "#000";
  rows.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) pen.fillRect(MODULE * (x + QUIET), MODULE * (y + QUIET), MODULE, MODULE);
    });
  });
  return picture;
}

/**
 * Look for QR symbols through the camera until `taken(texts so far)` is true. Throws where there
 * is no camera, or where it may not be used.
 */
export async function scan(video, taken) {
  const constraints = { video: { facingMode: "environment", width: { ideal: FRAME_MAX } } };
  const stream = await navigator.mediaDevices.getUserMedia(constraints);
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const seen = new Set();
  try {
    while (!video.hidden) {
      const scale = Math.min(1, FRAME_MAX / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      if (canvas.width > 0) {
        pen.drawImage(video, 0, 0, canvas.width, canvas.height);
        const image = pen.getImageData(0, 0, canvas.width, canvas.height);
        for (const text of qrTextsIn(image)) seen.add(text);
        if (seen.size > 0 && taken([...seen])) break;
      }
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  } finally {
    video.hidden = true;
    for (const track of stream.getTracks()) track.stop();
  }
}

/**
 * Try the browser once the page is drawn, while `idle()` holds: what a person gives goes first.
 * What it cannot do is said at the top, and all but that is put away. Resolves when it is over.
 */
export async function tryLater(idle) {
  await new Promise((resolve) => setTimeout(resolve, TRIAL_AFTER_MS));
  if (!idle()) return;
  try {
    await tryOut();
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    byId("unfit").textContent = UNFIT[error.code];
    byId("unfit").hidden = false;
    byId("given").hidden = true;
  }
}

/** Whether this browser lets a page use a camera at all. */
export const hasCamera = () => globalThis.navigator?.mediaDevices?.getUserMedia !== undefined;
