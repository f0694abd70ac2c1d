// One side of a channel as a state machine: bytes in, events and bytes out (specs/09, CHN). Time is
// the caller's: whoever keeps a channel open ends it as CHN-13 says. As noise.js, for checking.

import { concat, equal, utf8 } from "./bytes.js";
import { refuse } from "./errors.js";
import { FRAME_MAX_BYTES, HANDSHAKE_MAX_BYTES, MESSAGE_MAX_BYTES } from "./limits.js";
import { PATTERN, Side, publicKey } from "./noise.js";

const EMPTY = new Uint8Array();
const MAGIC = utf8("confed");
const PREAMBLE = concat(MAGIC, [1, 1]);
const SHORT = 48; // handshake messages 1 and 2: a key and a tag
const THIRD = 64; // message 3 without a payload

/** The lengths that a frame may have, by state (CHN-4, CHN-5, CHN-9). */
const LENGTHS = {
  "await-1": [SHORT, SHORT],
  "await-2": [SHORT, SHORT],
  "await-3": [THIRD, HANDSHAKE_MAX_BYTES],
  open: [16, FRAME_MAX_BYTES],
  closing: [16, FRAME_MAX_BYTES],
};

export class Channel {
  /**
   * `keys`: this side's private {s, e}, e fresh and random for every handshake (CHN-15). The
   * initiator gives `remote`, the responder's public key; its `payload` travels in message 3.
   */
  constructor({ network, keys, remote = null, payload = EMPTY }) {
    const prologue = concat(PREAMBLE, network);
    const known = remote ?? publicKey(keys.s);
    if ([network, keys.s, keys.e, known].some((one) => one.length !== 32)) refuse("channel-key");
    if (THIRD + payload.length > HANDSHAKE_MAX_BYTES) refuse("channel-frame");
    this.initiator = remote !== null;
    this.side = new Side(prologue, known, keys, this.initiator ? { s: remote } : {});
    this.payload = payload;
    this.state = this.initiator ? "start" : "await-preamble";
    this.turn = 0;
    this.waiting = EMPTY;
    this.failure = null;
  }

  /** The initiator's first bytes: preamble and message 1. */
  start() {
    this.expect("start");
    this.state = "await-2";
    return concat(PREAMBLE, framed(this.write(EMPTY)));
  }

  /**
   * {events, bytes}: what the peer's bytes complete, and what is to be written. Events are
   * {handshake: {remote, payload}}, {frame: plaintext} and {closed: true}; after a Refusal the
   * channel is dead and says the same again (CHN-8).
   */
  receive(data) {
    if (this.failure) refuse(this.failure);
    if (this.state === "start") refuse("channel-state");
    try {
      return this.take(data);
    } catch (error) {
      this.die(error);
      throw error;
    }
  }

  /** The bytes that carry 1 to MESSAGE_MAX_BYTES bytes of plaintext. */
  send(plaintext) {
    if (plaintext.length < 1 || plaintext.length > MESSAGE_MAX_BYTES) refuse("channel-frame");
    this.expect("open");
    return framed(this.sending.encrypt(plaintext));
  }

  /** The bytes that say that nothing follows (CHN-11). */
  close() {
    this.expect("open", "half-closed");
    this.state = this.state === "open" ? "closing" : "closed";
    return framed(this.sending.encrypt(EMPTY));
  }

  /** The stream has ended; refused where the peer has not closed and we have not (CHN-12). */
  end() {
    if (this.failure) refuse(this.failure);
    if (!["closing", "half-closed", "closed"].includes(this.state)) {
      this.failure = "channel-truncated";
      refuse(this.failure);
    }
    this.state = "closed";
  }

  expect(...states) {
    if (this.failure) refuse(this.failure);
    if (!states.includes(this.state)) refuse("channel-state");
  }

  die(error) {
    this.failure ??= error.reason ?? "channel-state";
    this.waiting = EMPTY;
  }

  take(data) {
    this.waiting = concat(this.waiting, data);
    const events = [];
    let bytes = EMPTY;
    while (this.waiting.length > 0) {
      if (this.state === "await-preamble") {
        if (!this.preamble()) break;
        continue;
      }
      const frame = this.frame();
      if (frame === null) break;
      if (this.state.startsWith("await-")) {
        bytes = concat(bytes, this.shake(frame, events));
      } else {
        events.push(this.open(frame));
      }
    }
    return { events, bytes };
  }

  preamble() {
    const seen = this.waiting.subarray(0, PREAMBLE.length);
    const word = seen.subarray(0, MAGIC.length);
    if (!equal(word, MAGIC.subarray(0, word.length))) refuse("channel-preamble");
    if (!equal(seen, PREAMBLE.subarray(0, seen.length))) refuse("channel-version");
    if (seen.length < PREAMBLE.length) return false;
    this.waiting = this.waiting.slice(PREAMBLE.length);
    this.state = "await-1";
    return true;
  }

  frame() {
    const allowed = LENGTHS[this.state];
    if (allowed === undefined) refuse("channel-closed");
    if (this.waiting.length < 2) return null;
    const length = 256 * this.waiting[0] + this.waiting[1];
    if (length < allowed[0] || length > allowed[1]) refuse("channel-frame");
    if (this.waiting.length < 2 + length) return null;
    const frame = this.waiting.slice(2, 2 + length);
    this.waiting = this.waiting.slice(2 + length);
    return frame;
  }

  /** Read a message of the handshake and write the next one; the bytes to be written. */
  shake(message, events) {
    const [letter, ours, theirs] = this.exchange();
    const payload = this.side.read(letter, ours, theirs, message);
    this.turn += 1;
    const next = this.turn < PATTERN.length;
    const bytes = next ? framed(this.write(this.payload)) : EMPTY;
    if (this.turn < PATTERN.length) {
      this.state = "await-3";
      return bytes;
    }
    const [one, other] = this.side.split();
    [this.sending, this.receiving] = this.initiator ? [one, other] : [other, one];
    this.state = "open";
    events.push({ handshake: { remote: this.side.remote.s, payload } });
    return bytes;
  }

  write(payload) {
    const [letter, ours, theirs] = this.exchange();
    this.turn += 1;
    return this.side.write(letter, ours, theirs, this.turn === PATTERN.length ? payload : EMPTY);
  }

  exchange() {
    const [letter, initiators, responders] = PATTERN[this.turn];
    return this.initiator
      ? [letter, initiators, responders]
      : [letter, responders, initiators];
  }

  open(frame) {
    const plaintext = this.receiving.decrypt(frame, EMPTY, "channel-decrypt");
    if (plaintext.length > 0) return { frame: plaintext };
    this.state = this.state === "open" ? "half-closed" : "closed";
    return { closed: true };
  }
}

function framed(message) {
  return concat([message.length >> 8, message.length & 255], message);
}
