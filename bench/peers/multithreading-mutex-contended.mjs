// Measures the throughput of multithreading's Mutex that two threads fight for, as ours/mutex-contended.mjs does, and
// checks the counter. Argument: async (lock()) or blocking (blockingLock()).

import { initRuntime, move, Mutex, shutdown, spawn } from 'multithreading'
import { milliseconds, report } from '../timing.mjs'

initRuntime({ maxWorkers: 2 })
const counter = new Int32Array(new SharedArrayBuffer(4))
const control = new Int32Array(new SharedArrayBuffer(12))  // stop, arrived, start
const mutex = new Mutex(counter)

const fightAsync = async (worker, mutex, control) => {
  const { pinWorker } = await import('../placement.mjs')
  pinWorker(worker)
  for (let i = 0; i < 20_000; i++) (await mutex.lock()).dispose()
  Atomics.add(control, 1, 1)
  while (Atomics.load(control, 2) === 0) Atomics.wait(control, 2, 0)
  let done = 0
  while (Atomics.load(control, 0) === 0) {
    const guard = await mutex.lock()
    guard.value[0]++
    guard.dispose()
    done++
  }
  return done
}

const fightBlocking = async (worker, mutex, control) => {
  const { pinWorker } = await import('../placement.mjs')
  pinWorker(worker)
  for (let i = 0; i < 20_000; i++) mutex.blockingLock().dispose()
  Atomics.add(control, 1, 1)
  while (Atomics.load(control, 2) === 0) Atomics.wait(control, 2, 0)
  let done = 0
  while (Atomics.load(control, 0) === 0) {
    const guard = mutex.blockingLock()
    guard.value[0]++
    guard.dispose()
    done++
  }
  return done
}

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const fight = process.argv[2] === 'blocking' ? fightBlocking : fightAsync
const handles = [0, 1].map(worker => spawn(move(worker, mutex, control), fight))
while (Atomics.load(control, 1) < 2) await pause(5)
const start = performance.now()
Atomics.store(control, 2, 1)
Atomics.notify(control, 2)
await pause(milliseconds)
Atomics.store(control, 0, 1)
const results = await Promise.all(handles.map(h => h.join()))
const elapsed = performance.now() - start
for (const result of results) if (!result.ok) throw result.error
const total = results.reduce((sum, result) => sum + result.value, 0)
report('multithreading', total / 1e3 / elapsed, 'Mops/s',
  { ok: counter[0] === total, ...counter[0] !== total && { note: `lost ${total - counter[0]} of ${total} increments` } })
shutdown()
