// Many threads at random. SEED=… repeats a run as far as the machine lets it, STRESS_SECONDS=… makes it longer.

import test from 'node:test'
import { plays } from '../program.ts'
import { takeSeed } from './random.ts'

const file = new URL('./fixtures/storms.js', import.meta.url)
const seed = takeSeed()
const seconds = Number(process.env.STRESS_SECONDS ?? 10) / 6
console.log(`seed ${seed}, ${seconds.toFixed(1)} s each`)

function storm(scene: string, ...args: string[]): Promise<void> {
  return plays(file, scene, { args: [String(seconds), String(seed), ...args], timeout: 60_000 + seconds * 3000 })
}

test(`locks, semaphores and conditions with timeouts keep their sums (seed ${seed})`, () => storm('mix'))
test(`waits, wakes and requeues straight on the futex lose nobody (seed ${seed})`, () => storm('futex'))
test('pairs that pass a ball never stop', () => storm('ping-pong'))
test(`threads create, join and detach threads (seed ${seed})`, () => storm('breed'))
test(`threads create threads, some of which die (seed ${seed})`, () => storm('breed', 'deaths'))
test(`threads that are terminated at random moments leave the others at work (seed ${seed})`, () => storm('terminations'))
