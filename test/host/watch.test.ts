// What a carrier wants to know of its own Worker: when it is told, and when not.

import test from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const SCENES = {
  throws: 'setTimeout(() => { throw new RangeError("nobody") })',
  rejects: 'Promise.reject(new RangeError("nobody"))',
  handles: 'process.on("uncaughtException", () => undefined); setTimeout(() => { throw new RangeError("somebody") })',
  starves: '',
  exits: 'process.exit(7)',
  ends: 'throw new RangeError("at once")',
} as const

const module = import.meta.resolve('#internal/host/watch.js')

/** What the watcher of a Worker is told that runs `code`; `uncaught` ends it, as a carrier's does. */
async function toldOf(code: string): Promise<string[]> {
  const source = `
    import { parentPort } from 'node:worker_threads'
    import { watch } from ${JSON.stringify(module)}
    const told = what => { parentPort.postMessage(what) }
    watch({ uncaught: error => { told('uncaught ' + error.message) }, starved: () => { told('starved') }, exiting: code => { told('exiting ' + code) } })
    ${code}`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
  const all: string[] = []
  worker.on('message', (what: string) => { all.push(what) })
  await once(worker, 'exit')
  return all
}

test('an exception that nobody catches is told, and the Worker goes on to its end', async () =>
  assert.deepEqual(await toldOf(SCENES.throws), ['uncaught nobody', 'starved', 'exiting 0']))
test('so is a rejection that nobody handles', async () => assert.deepEqual(await toldOf(SCENES.rejects), ['uncaught nobody', 'starved', 'exiting 0']))
test('so is one of the module itself', async () => assert.deepEqual(await toldOf(SCENES.ends), ['uncaught at once', 'starved', 'exiting 0']))
test('an exception for which the program has a handler of its own is not told', async () =>
  assert.deepEqual(await toldOf(SCENES.handles), ['starved', 'exiting 0']))
test('an event loop that has nothing left to do is told before the end', async () => assert.deepEqual(await toldOf(SCENES.starves), ['starved', 'exiting 0']))
test('process.exit is told with its code, and the loop has not starved', async () => assert.deepEqual(await toldOf(SCENES.exits), ['exiting 7']))

test('a Worker that is terminated tells nothing', async () => {
  const source = `
    import { parentPort } from 'node:worker_threads'
    import { watch } from ${JSON.stringify(module)}
    watch({ uncaught: () => undefined, starved: () => undefined, exiting: code => { parentPort.postMessage('exiting ' + code) } })
    parentPort.postMessage('ready')
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`)), all: unknown[] = []
  worker.on('message', (what: unknown) => { all.push(what) })
  await once(worker, 'message')
  await worker.terminate()
  assert.deepEqual(all, ['ready'])
})
