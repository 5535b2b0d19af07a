// The workloads of the simulator that a machine can run, as a program for `pthreads run`: generators, which any model can run.
// Prints what came of it as JSON.

import { peek, poke } from '#atomics'
import { load } from '../api/entry.ts'
import { fiber } from '../api/fiber.ts'
import { malloc, memory } from '../api/posix.ts'
import { Semaphore } from '../api/semaphore.ts'
import { Thread } from '../api/thread.ts'

// What all threads get. `begin` and `end` are addresses of times, in ms after `epoch`: operations count between them.
// `perUs`: how often `compute` goes round in a microsecond.
interface Gate { ready: Semaphore, go: Semaphore, epoch: number, begin: number, end: number, perUs: number }
/** What a thread did: how many operations, and how long the last of them took, us. */
export interface Done { operations: number, latencies: number[] }

const KEPT = 2000
const WARM = 500                                                          // ms, until the code is compiled and Workers have started
const now = (): number => performance.timeOrigin + performance.now()

let mixed = 1
function compute(iterations: number): void {
  let x = mixed
  for (let i = 0; i < iterations; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
  }
  mixed = x
}

function calibrate(): number {
  let best = Infinity
  for (let round = 0; round < 50; round++) {
    const began = performance.now()
    compute(100_000)
    if (round > 5) best = Math.min(best, performance.now() - began)
  }
  return 100_000 / best / 1000
}

/** Counts operations while the gate is open. */
class Count implements Done {
  operations = 0
  readonly latencies: number[] = []
  readonly #begin: number
  readonly #end: number

  constructor({ epoch, begin, end }: Gate) {
    this.#begin = epoch + peek(memory(), begin)
    this.#end = epoch + peek(memory(), end)
  }

  /** Whether the time is not over. */
  get on(): boolean {
    return now() < this.#end
  }

  done(since: number): void {
    const after = now()
    if (since >= this.#begin && after < this.#end) this.latencies[this.operations++ % KEPT] = (after - since) * 1000
  }

  get result(): Done {
    return { operations: this.operations, latencies: this.latencies }
  }
}

function* started(gate: Gate): Generator<unknown, Count> {
  gate.ready.post()
  yield* fiber.acquire(gate.go)
  return new Count(gate)
}

export function* ping(gate: Gate, out: Semaphore, back: Semaphore): Generator<unknown, Done> {
  const count = yield* started(gate)
  while (count.on) {
    const began = now()
    compute(gate.perUs * 0.19)
    out.post()
    yield* fiber.acquire(back)
    count.done(began)
  }
  out.post()                                                              // the last: it comes when the time is over
  return count.result
}

export function* pong(gate: Gate, out: Semaphore, back: Semaphore): Generator<unknown, Done> {
  const count = yield* started(gate)
  for (let last = false; !last;) {
    yield* fiber.acquire(out)
    compute(gate.perUs * 0.19)
    last = !count.on
    back.post()
  }
  return count.result
}

export function* number(gate: Gate): Generator<unknown, Done> {
  const count = yield* started(gate)
  while (count.on) {
    const began = now()
    compute(gate.perUs * 1000)
    count.done(began)
  }
  return count.result
}

export function* producer(gate: Gate, room: Semaphore, items: Semaphore): Generator<unknown, Done> {
  const count = yield* started(gate)
  while (count.on) {
    compute(gate.perUs * 2)
    yield* fiber.acquire(room)
    items.post()
  }
  items.post(1000)                                                        // those who wait for more may go
  return count.result
}

export function* consumer(gate: Gate, room: Semaphore, items: Semaphore): Generator<unknown, Done> {
  const count = yield* started(gate)
  while (count.on) {
    const began = now()
    yield* fiber.acquire(items)
    room.post()
    compute(gate.perUs * 2)
    count.done(began)
  }
  room.post(1000)
  return count.result
}

export function* leaf(perUs: number): Generator<unknown, void> {
  compute(perUs * 20)
}

export function* forker(gate: Gate): Generator<unknown, Done> {
  const count = yield* started(gate)
  while (count.on) {
    const began = now()
    const leaves = Array.from({ length: 16 }, () => Thread.create(work.leaf, gate.perUs))
    for (const leaf of leaves) yield* fiber.join(leaf)
    count.done(began)
  }
  return count.result
}

const work = load<typeof import('./measured.ts')>(import.meta.url)

function* create(workload: string, threads: number, gate: Gate): Generator<Thread<Done>, void> {
  if (workload === 'cpu') for (let i = 0; i < threads; i++) yield Thread.create(work.number, gate)
  if (workload === 'fork-join') for (let i = 0; i < threads; i++) yield Thread.create(work.forker, gate)
  if (workload === 'messaging') {
    for (let pair = 0; pair < Math.max(1, threads >> 1); pair++) {
      const out = new Semaphore(0), back = new Semaphore(0)
      yield Thread.create(work.ping, gate, out, back)
      yield Thread.create(work.pong, gate, out, back)
    }
  }
  if (workload === 'producer-consumer') {
    const room = new Semaphore(16), items = new Semaphore(0)
    for (let i = 0; i < Math.max(2, threads); i++) yield Thread.create(i % 2 === 0 ? work.producer : work.consumer, gate, room, items)
  }
}

export function* main([workload, threads, ms]: string[]): Generator<unknown, void> {
  const gate = { ready: new Semaphore(0), go: new Semaphore(0), epoch: Math.floor(now()), begin: malloc(4), end: malloc(4), perUs: calibrate() }
  const made = [...create(workload, Number(threads), gate)]
  for (let i = 0; i < made.length; i++) yield* fiber.acquire(gate.ready)
  const begin = Math.ceil(now() - gate.epoch) + WARM
  poke(memory(), gate.begin, begin)
  poke(memory(), gate.end, begin + Number(ms))
  gate.go.post(made.length)
  let operations = 0
  const latencies: number[] = []
  for (const thread of made) {
    const done = yield* fiber.join(thread)
    operations += done.operations
    latencies.push(...done.latencies)
  }
  latencies.sort((a, b) => a - b)
  console.log(JSON.stringify({ operations, p50: latencies[latencies.length >> 1] ?? 0, p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0 }))
}
