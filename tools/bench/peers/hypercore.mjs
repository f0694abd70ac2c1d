// Hypercore 10: one author's signed, append-only log, replicated over TCP on the loopback.
// `host COUNT LIVE FOLDER` writes; `join ADDRESS COUNT LIVE FOLDER` fetches, verifies and stores.
// Says JSON lines; see run.py.
import net from 'node:net'
import readline from 'node:readline'
import { createRequire } from 'node:module'
const Hypercore = createRequire(process.cwd() + '/')('hypercore')

const [role, ...rest] = process.argv.slice(2)
const say = (value) => process.stdout.write(JSON.stringify(value) + '\n')
const now = () => performance.timeOrigin + performance.now()
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6 }
const block = (number) => Buffer.from(String(number).padStart(20, '0').padEnd(400, 'x'))

async function host (count, live, folder) {
  const core = new Hypercore(folder)
  await core.ready()
  for (let at = 0; at < count; at += 500) {
    await core.append(Array.from({ length: Math.min(500, count - at) }, (_, n) => block(at + n)))
  }
  const server = net.createServer((socket) => {
    const stream = core.replicate(false, { keepAlive: false })
    socket.setNoDelay(true)
    socket.on('error', () => {})
    stream.on('error', () => {})
    socket.pipe(stream).pipe(socket)
  })
  server.listen(0, '127.0.0.1', () => {
    say({ ready: `${server.address().port}/${core.key.toString('hex')}` })
  })
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    const begun = now()
    for (let n = 0; n < live; n++) {
      await sleep(Math.max(0, begun + n * 20 - now()))
      await core.append(Buffer.from(String(now()).padEnd(400, ' ')))
    }
  }
  process.exit(0)
}

async function join (address, count, live, folder) {
  const [port, key] = address.split('/')
  const core = new Hypercore(folder, Buffer.from(key, 'hex'))
  await core.ready()
  const before = cpu()
  const begun = now()
  const socket = net.connect(Number(port), '127.0.0.1')
  socket.setNoDelay(true)
  const stream = core.replicate(true, { keepAlive: false })
  socket.pipe(stream).pipe(socket)
  while (core.length < count) await sleep(5)
  await core.download({ start: 0, end: count }).done()
  say({ caught_up_s: (now() - begun) / 1e3, cpu_s: cpu() - before })
  say({ listening: true })
  const delays = []
  for (let n = count; n < count + live; n++) {
    const sent = Number((await core.get(n)).toString())
    delays.push(now() - sent)
  }
  say({ delays_ms: delays, rss_bytes: process.memoryUsage().rss })
  process.exit(0)
}

if (role === 'host') await host(Number(rest[0]), Number(rest[1]), rest[2])
else await join(rest[0], Number(rest[1]), Number(rest[2]), rest[3])
