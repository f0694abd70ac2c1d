// The address grammar (specs/12, TXT-8).

import { codePoints } from "./bytes.js";
import { refuse } from "./errors.js";
import { ADDRESS_MAX_CHARS } from "./limits.js";

const PORT = /^[1-9][0-9]{0,4}$/;
const OCTET = /^(0|[1-9][0-9]{0,2})$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const ONION = /^[a-z2-7]{55}d\.onion$/;
const GROUP = /^(0|[1-9a-f][0-9a-f]{0,3})$/;

/** `text` if it is an address; Refusal address-form. */
export function parseAddress(text) {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, Math.max(colon, 0));
  const port = text.slice(colon + 1);
  const fits = codePoints(text) <= ADDRESS_MAX_CHARS;
  if (!fits || colon < 0 || !PORT.test(port) || Number(port) > 65535 || !isHost(host)) {
    refuse("address-form");
  }
  return text;
}

function isHost(host) {
  if (host.startsWith("[")) return host.endsWith("]") && isIpv6(host.slice(1, -1));
  if (host.endsWith(".onion")) return ONION.test(host);
  const labels = host.split(".");
  if (labels.length === 4 && labels.every(isOctet)) return true;
  return labels.every((label) => LABEL.test(label)) && !/^[0-9]/.test(labels.at(-1));
}

const isOctet = (label) => OCTET.test(label) && Number(label) <= 255;

function isIpv6(host) {
  const sides = host.split("::");
  if (sides.length > 2) return false;
  const [left, right] = sides.map((side) => (side === "" ? [] : side.split(":")));
  const missing = 8 - left.length - (right?.length ?? 0);
  if (right === undefined ? missing !== 0 : missing < 1) return false;
  const groups = [...left, ...Array(missing).fill("0"), ...(right ?? [])];
  if (!groups.every((group) => GROUP.test(group))) return false;
  const isMapped = groups.slice(0, 5).every((group) => group === "0") && groups[5] === "ffff";
  return !isMapped && canonicalIpv6(groups) === host;
}

/** RFC 5952: the first of the longest runs of two or more zero groups becomes `::`. */
function canonicalIpv6(groups) {
  let [start, length] = [0, 1];
  for (let at = 0; at < 8; at += 1) {
    let end = at;
    while (end < 8 && groups[end] === "0") end += 1;
    if (end - at > length) [start, length] = [at, end - at];
  }
  if (length === 1) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}
