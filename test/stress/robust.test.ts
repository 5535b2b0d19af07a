// Robust mutexes whose holders die at random moments. SEED=… repeats a run as far as the machine lets it, STRESS_SECONDS=… makes it longer.

import test from 'node:test'
import { plays } from '../program.ts'
import { takeSeed } from './random.ts'

const file = new URL('./fixtures/robust.js', import.meta.url)
const seed = takeSeed()
const seconds = Number(process.env.STRESS_SECONDS ?? 12) / 6
console.log(`seed ${seed}, ${seconds.toFixed(1)} s each`)

test(`every death of a holder is told to the next one, once, and nobody waits for the dead (seed ${seed})`, () =>
  plays(file, 'deaths', { args: [String(seconds), String(seed)], timeout: 60_000 + seconds * 3000 }))
