// Shapes of decoded values: each maker returns a check, value -> boolean.

import { codePoints } from "./bytes.js";

export const bin = (least, most = least) => (value) =>
  value instanceof Uint8Array && value.length >= least && value.length <= most;

export const int = (least, most) => (value) =>
  typeof value === "number" && value >= least && value <= most;

/** Text of `least` to `most` code points. */
export const text = (least, most) => (value) => {
  if (typeof value !== "string") return false;
  const length = codePoints(value);
  return length >= least && length <= most;
};

/** The same in one line: of all controls the line feed alone gets past the codec (ENC-13). */
export const line = (least, most) => {
  const fits = text(least, most);
  return (value) => fits(value) && !value.includes("\n");
};

export const pattern = (regexp) => (value) => typeof value === "string" && regexp.test(value);

export const oneOf = (...texts) => (value) => texts.includes(value);

/** An array of `least` to `most` items, all of one shape. */
export const list = (item, least, most) => (value) =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(item);

/** An array of exactly these shapes. */
export const row = (...fields) => (value) =>
  Array.isArray(value) &&
  value.length === fields.length &&
  fields.every((field, i) => field(value[i]));

/** A map with all of `required`, any of `optional` and nothing else. */
export const map = (required, optional = {}) => {
  const fields = new Map(Object.entries({ ...required, ...optional }));
  const names = Object.keys(required);
  return (value) =>
    value instanceof Map &&
    names.every((name) => value.has(name)) &&
    [...value].every(([name, item]) => fields.has(name) && fields.get(name)(item));
};

export const anyMap = (value) => value instanceof Map;
