// Measures a round trip of two threads that hand a turn to each other under one Mutex and one Condition, in
// microseconds. Argument: the type of the mutex, errorcheck or normal.

import { Condition, load, Mutex, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const entries = load(new URL('./entries.mjs', import.meta.url))
const mutex = new Mutex({ type: process.argv[2] ?? 'errorcheck' })
const condition = new Condition()
const turn = new Int32Array(new SharedArrayBuffer(4))

const pong = Thread.create(entries.conditionPong, mutex, condition, turn)
const ping = Thread.create(entries.conditionPing, mutex, condition, turn)
const [us, rounds] = ping.join()
report('ours', us, 'us', { ok: pong.join() === rounds })
