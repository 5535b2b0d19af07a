// What pools are measured with: the same loads for ours and for the peers.
//
//   burst        20 000 tiny tasks submitted at once, on two threads; us a task
//   round-trip   one tiny task after another, on one thread; us
//   object       1000 tasks at once, each with an object of about 1 KB, on two threads; us a task
//   transfer     one task after another with an array of 1 MB that moves; us
//   shared       the same with an array in shared memory; us
//   abort        a loop without an end is aborted; ms until its only thread has done another task; the slowest of five in a row, or of
//                those that three seconds allow

import { perOperationAsync, report } from './timing.mjs'

const MEGABYTE = 2 ** 17

const object = {
  id: 7, name: 'a name of some length', tags: ['first', 'second', 'third'], position: { x: 1.5, y: -2.25, z: 1e9 }, active: true,
  text: 'x'.repeat(500), values: Array.from({ length: 30 }, (_, i) => i * 1000 + 0.5), nested: { a: { b: { c: [1, 2, 3, null] } } },
}

/** How many threads a load is measured with. */
export const threadsFor = how => how === 'burst' || how === 'object' ? 2 : 1

const wrong = () => { throw new Error('a task has returned something wrong') }

/** @param run `(value, transfer?)`: a promise of what the task makes of it  @param spin `signal`: a task that ends only by an abort */
export async function measurePool(name, how, run, spin) {
  if (how === 'abort') return measureAborts(name, run, spin)
  const [size, batch] = loads[how](run)
  for (let i = 0; i < 2; i++) await Promise.all([run(1), run(2)])
  report(name, await perOperationAsync(size, batch) / 1e3, 'us')
}

const loads = {
  burst: run => [20_000, async () => {
    const results = await Promise.all(Array.from({ length: 20_000 }, (_, i) => run(i)))
    if (results.some((result, i) => result !== i + 1)) wrong()
  }],
  'round-trip': run => [16, async () => {
    for (let i = 0; i < 16; i++) if (await run(i) !== i + 1) wrong()
  }],
  object: run => [1000, async () => {
    const results = await Promise.all(Array.from({ length: 1000 }, () => run(object)))
    if (results.some(result => result !== 7)) wrong()
  }],
  transfer: run => [4, async () => {
    for (let i = 0; i < 4; i++) {
      const array = new Float64Array(MEGABYTE)
      array[0] = i
      if (await run(array, [array.buffer]) !== i) wrong()
    }
  }],
  shared: run => [4, async () => {
    for (let i = 0; i < 4; i++) {
      shared[0] = i
      if (await run(shared) !== i) wrong()
    }
  }],
}

const shared = new Float64Array(new SharedArrayBuffer(8 * MEGABYTE))

async function measureAborts(name, run, spin) {
  let slowest = 0
  const end = performance.now() + 3000
  for (let i = 0; i < 5 && performance.now() < end; i++) {
    const begun = new Int32Array(new SharedArrayBuffer(4)), controller = new AbortController()
    const task = Promise.resolve(spin(begun, controller.signal)).catch(() => undefined)
    await Atomics.waitAsync(begun, 0, 0).value
    const start = performance.now()
    controller.abort()
    await task
    if (await run(i) !== i + 1) wrong()
    slowest = Math.max(slowest, performance.now() - start)
  }
  report(name, slowest, 'ms')
}
