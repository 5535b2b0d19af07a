// Read-write locks, barriers and spin locks under many threads. SEED and STRESS_SECONDS as in storms.test.ts.

import test from 'node:test'
import { plays } from '../program.ts'
import { takeSeed } from './random.ts'

const file = new URL('./fixtures/object-storms.js', import.meta.url)
const seed = takeSeed()
const seconds = Number(process.env.STRESS_SECONDS ?? 8) / 4
console.log(`seed ${seed}, ${seconds.toFixed(1)} s each`)

function storm(scene: string): Promise<void> {
  return plays(file, scene, { args: [String(seconds), String(seed)], timeout: 60_000 + seconds * 3000 })
}

test(`read-write locks of each kind, with timeouts, keep their sums (seed ${seed})`, () => storm('rwlock'))
test(`threads that die while they wait for a read-write lock leave the others at work (seed ${seed})`, () => storm('rwlock-deaths'))
test('a reader or writer that was woken and dies before it looks keeps nobody out', () => storm('rwlock-promises'))
test('a thread that ends while it waits for a read-write lock by a promise leaves the others at work', () => storm('rwlock-abandoned'))
test(`as many pass a barrier as it is for, whoever gives up (seed ${seed})`, () => storm('barrier'))
test(`threads that hold a spin lock never are inside together (seed ${seed})`, () => storm('spin'))
