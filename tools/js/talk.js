// A channel over TCP, driven by lines of JSON, to try it against another implementation (specs/09):
//   node tools/js/talk.js '{"network":HEX,"key":HEX,"dial":[HOST,PORT],"remote":HEX,"payload":HEX}'
//   node tools/js/talk.js '{"network":HEX,"key":HEX,"listen":HOST}'
// Input: {"send":HEX} or {"close":true}. Output: {"listening":PORT}, {"handshake":HEX,"payload":HEX},
// {"frame":HEX}, {"closed":true}, {"refused":REASON}, {"ended":true}.

import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { fromHex, toHex } from "./confed/bytes.js";
import { Channel } from "./confed/channel.js";
import { Refusal } from "./confed/errors.js";

const asked = JSON.parse(process.argv[2]);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

function made() {
  const fresh = crypto.getRandomValues(new Uint8Array(32));
  return new Channel({
    network: fromHex(asked.network),
    keys: { s: fromHex(asked.key), e: fresh },
    remote: asked.remote ? fromHex(asked.remote) : null,
    payload: fromHex(asked.payload ?? ""),
  });
}

function tell(event) {
  if (event.handshake) {
    const { remote, payload } = event.handshake;
    say({ handshake: toHex(remote), payload: toHex(payload) });
  } else {
    say(event.frame ? { frame: toHex(event.frame) } : { closed: true });
  }
}

/** Do what may be refused; a refusal is said and ends the connection. */
function guarded(socket, work) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say({ refused: error.reason });
    socket.destroy();
  }
}

async function talk(socket) {
  const channel = made();
  socket.on("data", (data) =>
    guarded(socket, () => {
      const { events, bytes } = channel.receive(new Uint8Array(data));
      if (bytes.length > 0) socket.write(bytes);
      events.forEach(tell);
    }),
  );
  socket.on("end", () =>
    guarded(socket, () => {
      channel.end();
      say({ ended: true });
      socket.end();
    }),
  );
  socket.on("error", () => say({ refused: "connection" }));
  socket.on("close", () => process.exit(0));
  if (asked.dial) guarded(socket, () => socket.write(channel.start()));
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    guarded(socket, () => {
      socket.write(order.close ? channel.close() : channel.send(fromHex(order.send)));
      if (order.close && channel.state === "closed") socket.end();
    });
  }
}

if (asked.dial) {
  const [host, port] = asked.dial;
  const socket = connect({ host, port, allowHalfOpen: true }, () => talk(socket));
  socket.on("error", () => say({ refused: "connection" }));
} else {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    server.close();
    talk(socket);
  });
  server.listen(0, asked.listen, () => say({ listening: server.address().port }));
}
