// What a page tries before it is given anything: a known file, and the same with one bit changed.
// It tells whether this browser can verify at all, and the first file meets code that has run.

import { Refusal, Unfit } from "./errors.js";
import { verify } from "./judge.js";
import { KNOWN_AT, KNOWN_FILE } from "./known.js";

/** Return if files are verified here as they must be; Unfit otherwise. */
export async function tryOut() {
  const file = Uint8Array.from(atob(KNOWN_FILE), (one) => one.charCodeAt(0));
  const changed = file.slice();
  changed[changed.length >> 1] ^= 1;
  if (!(await isValid(file)) || (await isValid(changed))) throw new Unfit("wrong-answer");
}

async function isValid(file) {
  try {
    return (await verify([file], [], KNOWN_AT)).verdict === "VALID";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return false;
  }
}
