// Measures a round trip of two threads that post to each other's Semaphore, in microseconds.

import { load, Semaphore, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const entries = load(new URL('./entries.mjs', import.meta.url))
const toPong = new Semaphore(0), toPing = new Semaphore(0)
const end = new Int32Array(new SharedArrayBuffer(4))

const pong = Thread.create(entries.semaphorePong, toPong, toPing, end)
const ping = Thread.create(entries.semaphorePing, toPong, toPing, end)
const [us, rounds] = ping.join()
report('ours', us, 'us', { ok: pong.join() === rounds })
