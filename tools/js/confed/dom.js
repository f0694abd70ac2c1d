// What the pages share: elements of plain text, files to save, codes to show and to scan.

import { qrTextsIn } from "./qrfind.js";
import { qrModules } from "./qrwrite.js";
import { shown } from "./words.js";

const QUIET = 4; // modules of margin around a symbol
const FRAME_MAX = 1280; // pixels along the longer side that are searched
const MODULE = 6; // pixels of a symbol's module; the style makes it fit the page

export const byId = (id) => document.getElementById(id);

/** An element with text, of which nothing becomes markup. */
export function element(name, text, className = "") {
  const out = document.createElement(name);
  out.textContent = shown(text);
  if (className) out.className = className;
  return out;
}

/** A list of names and values. */
export function definitions(rows) {
  const list = document.createElement("dl");
  for (const [name, value] of rows) list.append(element("dt", name), element("dd", value));
  return list;
}

/** A link that saves bytes as a file. */
export function saving(name, data, words) {
  const out = element("a", words);
  out.href = URL.createObjectURL(new Blob([data], { type: "application/octet-stream" }));
  out.download = name;
  return out;
}

/** A picture of a QR symbol with this text. */
export function symbol(text) {
  const rows = qrModules(text);
  const picture = element("canvas", "", "symbol");
  picture.width = picture.height = MODULE * (rows.length + 2 * QUIET);
  picture.setAttribute("role", "img");
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

/** Whether this browser lets a page use a camera at all. */
export const hasCamera = () => globalThis.navigator?.mediaDevices?.getUserMedia !== undefined;
