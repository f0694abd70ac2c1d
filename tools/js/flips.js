// Single bits of a `.confed` file flipped, one at a time: those that leave a verdict other than UNKNOWN.
//
//   node tools/js/flips.js < {"file": HEX, "at": SECONDS, "from": BIT, "to": BIT, "step": BITS}
//
// Prints {"tried": NUMBER, "survivors": [BIT...]}.

import { fromHex } from "./confed/bytes.js";
import { Refusal } from "./confed/errors.js";
import { verify } from "./confed/judge.js";

let text = "";
for await (const piece of process.stdin) text += piece;
const { file, at, from, to, step } = JSON.parse(text);
const data = fromHex(file);

async function verdict() {
  try {
    return (await verify([data], [], at)).verdict;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return "UNKNOWN";
  }
}

const survivors = [];
let tried = 0;
for (let bit = from; bit < to; bit += step) {
  data[bit >> 3] ^= 1 << (bit & 7);
  if ((await verdict()) !== "UNKNOWN") survivors.push(bit);
  data[bit >> 3] ^= 1 << (bit & 7);
  tried += 1;
}
console.log(JSON.stringify({ tried, survivors }));
