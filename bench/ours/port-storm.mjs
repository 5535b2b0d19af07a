// Many senders to one port, one port to many servers: nothing lost, nothing twice, in order for each sender.
//
//   node port-storm.mjs SENDERS SERVERS MESSAGES

import { load, Port, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const [senders, servers, messages] = process.argv.slice(2).map(Number)
const entries = load(new URL('./entries.mjs', import.meta.url))
const port = new Port()
const each = Math.ceil(messages / senders), total = each * senders
const seen = new Uint8Array(new SharedArrayBuffer(total))

const takers = Array.from({ length: servers }, () => Thread.create(entries.stormServer, port, seen, each, senders))
const start = performance.now()
const sends = Array.from({ length: senders }, (_, who) => Thread.create(entries.stormSender, port, who, each))
for (const thread of sends) thread.join()
port.close()
const taken = takers.map(thread => thread.join())
const seconds = (performance.now() - start) / 1e3
const ordered = taken.every(count => count >= 0)
report('ours', total / seconds / 1e6, 'M/s', { ok: ordered && taken.reduce((a, b) => a + b, 0) === total && seen.every(n => n === 1), messages: total, taken })
