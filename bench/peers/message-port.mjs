// What Node has: a MessagePort between two Workers.  The same cases as ours/port.mjs.
//
// A MessagePort has no bound: so the sender sleeps, in shared memory, while more than 1024 are under way, as ours does.

import { once } from 'node:events'
import { isMainThread, MessageChannel, Worker, workerData } from 'node:worker_threads'
import { pinWorker } from '../placement.mjs'
import { bodies } from '../port-bodies.mjs'
import { perOperation, perOperationAsync, report } from '../timing.mjs'

const BOUND = 1024, BATCH = 256

if (isMainThread) {
  const how = process.argv[2]
  const { port1, port2 } = new MessageChannel()
  const taken = new Int32Array(new SharedArrayBuffer(8))
  const other = new Worker(new URL(import.meta.url), { workerData: { role: 1, how, port: port2, taken }, transferList: [port2] })
  await once(other, 'message')
  const first = new Worker(new URL(import.meta.url), { workerData: { role: 0, how, port: port1, taken }, transferList: [port1] })
  const [{ value, count }] = await once(first, 'message')
  const [answer] = await once(other, 'message')
  report('MessagePort', value, how === 'round-trip' ? 'us' : 'M/s', { ok: answer === count })
  process.exit()
}

const { parentPort } = await import('node:worker_threads')
const { role, how, port, taken } = workerData
pinWorker(role)
if (role === 1) serve()
else parentPort.postMessage(how === 'round-trip' ? await ask() : send())

function serve() {
  let count = 0, wrong = 0
  const { is } = bodies[how] ?? {}
  port.on('message', (body) => {
    if (body === null) return parentPort.postMessage(count - wrong)
    if (how === 'round-trip') {
      port.postMessage(body + 1)
    } else {
      if (!is(body, count)) wrong++
      if (Atomics.add(taken, 0, 1) % BATCH === 0) Atomics.notify(taken, 0)
    }
    count++
  })
  parentPort.postMessage('ready')
}

function send() {
  let count = 0
  const { of } = bodies[how]
  const ns = perOperation(1024, () => {
    for (let i = 0; i < 1024; i++) {
      for (let seen = Atomics.load(taken, 0); count - seen > BOUND; seen = Atomics.load(taken, 0)) Atomics.wait(taken, 0, seen)
      port.postMessage(of(count++))
    }
  })
  port.postMessage(null)
  return { value: 1e3 / ns, count }
}

async function ask() {
  let count = 0, resolve
  port.on('message', value => resolve(value))
  const ns = await perOperationAsync(64, async () => {
    for (let i = 0; i < 64; i++, count++) {
      const answer = new Promise(r => resolve = r)
      port.postMessage(count)
      await answer
    }
  })
  port.postMessage(null)
  return { value: ns / 1e3, count }
}
