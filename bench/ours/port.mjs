// Ports between two threads.
//
//   round-trip   one asks, the other answers: microseconds
//   else         one sends small messages, of those in port-bodies.mjs, the other takes them: millions a second

import { load, Port, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const how = process.argv[2]
const entries = load(new URL('./entries.mjs', import.meta.url))
const port = new Port()

if (how === 'round-trip') {
  const server = Thread.create(entries.portServer, port)
  const client = Thread.create(entries.portClient, port)
  const [us, rounds] = client.join()
  report('ours', us, 'us', { ok: server.join() === rounds })
} else {
  const taker = Thread.create(entries.portTaker, port, how)
  const sender = Thread.create(entries.portSender, port, how)
  const [millions, sent] = sender.join()
  report('ours', millions, 'M/s', { ok: taker.join() === sent })
}
