// Lists that are too long for their body and lie in the record's part (specs/03, PRT-8 to PRT-10).

import { equal } from "./bytes.js";
import { decode, encode } from "./codec.js";
import { Refusal, refuse } from "./errors.js";
import { MEMBERS_MAX, ROWS_INLINE_MAX, ROWS_MAX_BYTES } from "./limits.js";
import { leafHash, rootOf } from "./merkle.js";

/** What stands at a place of a body, or undefined where there is no such place. */
const at = (body, path) =>
  path.reduce((value, step) => {
    if (value instanceof Map) return value.get(step);
    return Array.isArray(value) ? value[step] : undefined;
  }, body);

/** Whether a body names its list by count and root; Refusal body-form where it may not. */
export function isDetached(path, body) {
  const list = at(body, path);
  if (!Array.isArray(list)) return false;
  if (list.length === 2 && typeof list[0] === "number" && list[1] instanceof Uint8Array) {
    const [count, root] = list;
    if (count <= ROWS_INLINE_MAX || count > MEMBERS_MAX || root.length !== 32) refuse("body-form");
    return true;
  }
  if (list.length > ROWS_INLINE_MAX) refuse("body-form");
  return false;
}

/**
 * The body with the rows of its part in place; Refusal part-mismatch, body-form. `textOf` looks at
 * the text that lies in one part with them, where the kind has one (PRT-11); else it is null.
 */
export function attach(path, body, part, textOf = null) {
  const [count, root] = at(body, path);
  const beside = rowsOf(part);
  if (textOf !== null) {
    const fits = beside.length === 2 && beside[0] instanceof Uint8Array && Array.isArray(beside[1]);
    if (!fits) refuse("part-mismatch");
  }
  const rows = textOf === null ? beside : beside[1];
  if (rows.length > MEMBERS_MAX) refuse("part-mismatch");
  if (!equal(rootOf(rows.map((row) => leafHash(encode(row)))), root)) refuse("part-mismatch");
  if (textOf !== null) textOf(beside[0]);
  if (rows.length !== count) refuse("body-form");
  return put(body, path, rows);
}

function rowsOf(part) {
  let rows;
  try {
    rows = decode(part, ROWS_MAX_BYTES);
  } catch (error) {
    if (error instanceof Refusal) refuse("part-mismatch", error.reason);
    throw error;
  }
  if (!Array.isArray(rows) || rows.length > MEMBERS_MAX) refuse("part-mismatch");
  return rows;
}

function put(value, [step, ...rest], rows) {
  const inner = rest.length === 0 ? rows : put(at(value, [step]), rest, rows);
  if (value instanceof Map) return new Map([...value, [step, inner]]);
  return value.map((item, i) => (i === step ? inner : item));
}
