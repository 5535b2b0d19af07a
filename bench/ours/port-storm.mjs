// Many senders to one port, one port to many servers: nothing lost, nothing twice, in order for each sender.
//
//   node port-storm.mjs SENDERS SERVERS MESSAGES [WHAT [FORM [MODEL [SEED]]]]
//     WHAT   integers, objects, or mixed: integers, strings, arrays, objects short and long, by the seed
//     FORM   block, async or fiber: of both ends; mixed: each thread another one
//     MODEL  1:1, m:n or m:1, for fibers

import { configure, load, Port, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const [senders, servers, messages] = process.argv.slice(2, 5).map(Number)
const [what = 'objects', form = 'block', model = '1:1'] = process.argv.slice(5, 8), seed = Number(process.argv[8] ?? Date.now() % 1e9)
configure({ model })
const entries = load(new URL('./storm-entries.mjs', import.meta.url))
const FORMS = { block: ['send', 'take'], async: ['sendAsync', 'takeAsync'], fiber: ['sendFiber', 'takeFiber'] }
const formOf = i => FORMS[form] ?? Object.values(FORMS)[(i + seed) % 3]
// What blocks has a carrier to itself.
const create = (name, ...args) => Thread.create(name.endsWith('Fiber') ? {} : { scope: 'system' }, entries[name], ...args)

const port = new Port()
const each = Math.ceil(messages / senders), total = each * senders
const seen = new Uint8Array(new SharedArrayBuffer(total))

const takers = Array.from({ length: servers }, (_, i) => create(formOf(i)[1], port, seen, each, senders))
const start = performance.now()
const sends = Array.from({ length: senders }, (_, who) => create(formOf(who)[0], port, who, each, what, seed))
await Promise.all(sends.map(thread => thread.joinAsync()))
port.close()
const taken = await Promise.all(takers.map(thread => thread.joinAsync()))
const seconds = (performance.now() - start) / 1e3
const ordered = taken.every(count => count >= 0)
report('ours', total / seconds / 1e6, 'M/s', { ok: ordered && taken.reduce((a, b) => a + b, 0) === total && seen.every(n => n === 1), messages: total, taken, seed })
