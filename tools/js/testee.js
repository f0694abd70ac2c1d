// The line protocol of the conformance driver on stdin and stdout: node tools/js/testee.js

import { createInterface } from "node:readline";
import { handleLine } from "./confed/ops.js";

const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
for await (const line of lines) {
  process.stdout.write(`${await handleLine(line)}\n`);
}
