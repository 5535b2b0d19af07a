// Storms on pools, from main and from threads. SEED=… repeats a run as far as the machine lets it, POOL_STORMS=… makes it longer.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { storm } from './fixtures/pool-storm.ts'
import { random, takeSeed } from './random.ts'

const work = load<typeof import('./fixtures/pool-storm.ts')>(new URL('./fixtures/pool-storm.js', import.meta.url))
const seed = takeSeed(), storms = Number(process.env.POOL_STORMS ?? 4)
console.log(`seed ${seed}, ${storms} storms`)

afterEach(() => nothingLeft())

test(`tasks that return, throw, die, are aborted or too late: each comes to what it must, and nothing is left (seed ${seed})`, async () => {
  const below = random(seed)
  let returned = 0
  for (let i = 0; i < storms; i++) returned += (await storm(below, 200)).returned
  assert.ok(returned > 0)
})

test(`two threads, each with a storm of its own (seed ${seed})`, async () => {
  const threads = [1, 2].map(n => Thread.create(work.stormOf, seed + n, 120))
  for (const thread of threads) assert.ok((await thread.joinAsync()).returned >= 0)
})
