// Ports with many threads at both ends, some of which die. SEED=… repeats a run as far as the machine lets it; PORT_MESSAGES=… makes it longer.

import assert from 'node:assert/strict'
import test from 'node:test'
import { load, Port, Thread } from 'pthreads'
import { forMessages } from '#internal/port/message.js'
import { forServers } from '#internal/port/server.js'
import { random, takeSeed } from './random.ts'

const work = load<typeof import('./fixtures/port-storm.ts')>(new URL('./fixtures/port-storm.js', import.meta.url))
const seed = takeSeed(), messages = Number(process.env.PORT_MESSAGES ?? 40_000)
console.log(`seed ${seed}, ${messages} messages`)

for (const [senders, servers] of [[4, 1], [1, 4], [3, 3]]) {
  test(`${senders} senders, ${servers} servers: nothing is lost, nothing comes twice, each sender's messages come in order`, () => {
    const each = Math.ceil(messages / senders)
    const port = new Port<[number, number]>({ capacity: 100 })
    const seen = new Uint8Array(new SharedArrayBuffer(each * senders))
    const takers = Array.from({ length: servers }, () => Thread.create(work.take, port, seen, each, senders))
    const sends = Array.from({ length: senders }, (_, who) => Thread.create(work.send, port, who, each))
    for (const t of sends) t.join()
    port.close()
    assert.equal(takers.reduce((sum, t) => sum + t.join(), 0), each * senders)
    assert.ok(seen.every(n => n === 1))
  })
}

test(`servers and askers that are terminated at random moments keep nobody waiting (seed ${seed})`, () => {
  const below = random(seed), rounds = Math.ceil(messages / 2000)
  let answered = 0
  for (let round = 0; round < rounds; round++) {
    const port = new Port<number, number>({ capacity: 1 + below(8) })
    const servers = [Thread.create(work.answer, port), Thread.create(work.answer, port)]
    assert.equal(port.do(1), 2)                                           // until somebody has served the port, who asks waits
    const askers = Array.from({ length: 4 }, () => Thread.create(work.askUntilRefused, port, 100))
    const dying: Thread[] = below(2) === 0 ? [servers[0], askers[0]] : [...servers]
    for (let spin = below(200_000); spin > 0; spin--);
    for (const t of dying) t.terminate()
    for (const t of askers) answered += joined(t, dying) ?? 0
    port.close()
    for (const t of servers) joined(t, dying)
  }
  assert.ok(answered > 0)
  let left = 0
  forMessages(() => { left++ })
  assert.ok(left <= 2 * rounds, `${left} messages are left`)              // one that dies between two stores may lose a record
  forServers((_, tid) => { assert.fail(`thread ${tid} serves`) })
})

// One of the dying may have ended before.
function joined<R>(t: Thread<R>, dying: readonly Thread[]): R | undefined {
  try {
    return t.join()
  } catch (error) {
    if (!dying.includes(t) || !/was terminated/.test(String(error))) throw error
    return undefined
  }
}
