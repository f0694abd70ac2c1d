// Domain tags and the ids made with them (specs/00, TAG-1, NET-1; specs/03, REC-3, REC-4).

import { concat, utf8 } from "./bytes.js";
import { sha256 } from "./sha256.js";

const TAG_RECORD = utf8("confed record 1\0");
const TAG_SIGNATURE = utf8("confed signature 1\0");
export const TAG_HEAD = utf8("confed head 1\0");
const TAG_LOG = utf8("confed log 1\0");
export const TAG_FINGERPRINT = utf8("confed fingerprint 1\0");
export const TAG_TEXT = utf8("confed text 1\0");
export const TAG_BRIEF = utf8("confed brief 1\0");
const TAG_NETWORK = utf8("confed network 1\0");

/** The id of the network called `name`. */
export const networkId = (name) => sha256(TAG_NETWORK, utf8(name));

/** The id of the record with exactly these payload bytes. */
export const recordId = (network, payload) => sha256(TAG_RECORD, network, payload);

/** What every signature of a record is made over, whatever its form. */
export const signingBytes = (record) => concat(TAG_SIGNATURE, record);

/** The id of the log that `nodeKey` keeps for `council`. */
export const logId = (network, council, nodeKey) => sha256(TAG_LOG, network, council, nodeKey);
