// Carriers of fibers die, and the host gives no others.

import test from 'node:test'
import { plays } from '../program.ts'

const file = new URL('./fixtures/deaths.js', import.meta.url)

test('the only carrier dies and is not replaced: who waits for one is told, and so is the next create', () =>
  plays(file, 'the only carrier is not replaced', { env: { STARTS: '1' } }))
test('one of two carriers dies and is not replaced: the other one runs what comes', () =>
  plays(file, 'one of two carriers is not replaced', { env: { STARTS: '2' } }))
test('the host refuses a spare carrier: what has not begun waits until the blocking section is over', () =>
  plays(file, 'the spare carrier is refused', { env: { STARTS: '1' } }))
test('a carrier that dies after its bell has rung sleeps no more', () => plays(file, 'a carrier dies between the bell and its getting up'))
