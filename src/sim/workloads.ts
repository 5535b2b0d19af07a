// What the simulated threads do.

import { MS } from './costs.ts'
import { Channel, Lock, type Program, type Step } from './machine.ts'
import type { Random } from './random.ts'

/** What a workload may ask the simulation. */
export interface World {
  readonly random: Random
  /** The time, cycles. */
  now(): number
  /** An operation that began at `since` is complete. */
  done(since: number): void
  /** Starts a thread. */
  thread(program: Program, priority?: number): void
}

/** A workload: what it is, how long it is simulated if nobody says, ms, how many threads for each processor, and who makes them. */
export interface Workload { title: string, operation: string, ms: number, threads: number, start(world: World, threads: number): void }

const US = MS / 1000

const compute = (cycles: number): Step => ({ do: 'compute', cycles })

// Up to a half more or less.
function about(world: World, cycles: number): Step {
  return compute(Math.round(cycles * (0.5 + world.random())))
}

function* ping(world: World, out: Channel, back: Channel): Program {
  for (;;) {
    const began = world.now()
    yield compute(500)
    yield { do: 'send', to: out }
    yield { do: 'receive', from: back }
    world.done(began)
  }
}

function* pong(out: Channel, back: Channel): Program {
  for (;;) {
    yield { do: 'receive', from: out }
    yield compute(500)
    yield { do: 'send', to: back }
  }
}

function* number(world: World): Program {
  for (;;) {
    const began = world.now()
    yield compute(MS)
    world.done(began)
  }
}

// Every half millisecond each connection has eight packets, one after the other: they all come at once.
function* connection(world: World): Program {
  const period = MS / 2
  for (;;) {
    yield { do: 'io', cycles: period - world.now() % period }
    for (let packet = 0; packet < 8; packet++) {
      const began = world.now()
      yield { do: 'io', cycles: 10 * US }
      yield { do: 'compute', cycles: 0, as: 'packet' }
      yield about(world, 1 * US)
      world.done(began)
    }
  }
}

function* locker(world: World, lock: Lock): Program {
  for (;;) {
    yield about(world, 20 * US)
    const began = world.now()
    yield { do: 'lock', lock }
    yield about(world, 10 * US)
    yield { do: 'unlock', lock }
    world.done(began)
  }
}

function* hog(): Program {
  for (;;) yield compute(100 * US)
}

function* producer(world: World, channel: Channel): Program {
  for (;;) {
    yield about(world, 2 * US)
    yield { do: 'send', to: channel }
  }
}

function* consumer(world: World, channel: Channel): Program {
  for (;;) {
    const began = world.now()
    yield { do: 'receive', from: channel }
    yield about(world, 2 * US)
    world.done(began)
  }
}

function* forker(world: World): Program {
  for (;;) {
    const began = world.now()
    yield { do: 'fork', count: 16, make: () => leaf(world) }
    yield { do: 'join' }
    world.done(began)
  }
}

function* leaf(world: World): Program {
  yield about(world, 20 * US)
}

/** The workloads, by name. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  'messaging': {
    title: 'pairs that send a small message to and fro', operation: 'round trip', ms: 5, threads: 4,
    start(world, threads) {
      for (let pair = 0; pair < Math.max(1, threads >> 1); pair++) {
        const out = new Channel(1), back = new Channel(1)
        world.thread(ping(world, out, back))
        world.thread(pong(out, back))
      }
    },
  },
  'cpu': {
    title: 'threads that only compute', operation: 'millisecond of work', ms: 200, threads: 4,
    start(world, threads) {
      for (let i = 0; i < threads; i++) world.thread(number(world))
    },
  },
  'bursty-io': {
    title: 'connections on which packets arrive all at once', operation: 'packet', ms: 20, threads: 16,
    start(world, threads) {
      for (let i = 0; i < threads; i++) world.thread(connection(world))
    },
  },
  'lock-convoy': {
    title: 'threads that share one lock, among others that only compute', operation: 'critical section', ms: 500, threads: 4,
    start(world, threads) {
      const lock = new Lock()
      for (let i = 0; i < threads; i++) world.thread(i % 2 === 0 ? locker(world, lock) : hog())
    },
  },
  'producer-consumer': {
    title: 'producers and consumers at one bounded queue', operation: 'item', ms: 10, threads: 4,
    start(world, threads) {
      const channel = new Channel(4, 16)
      for (let i = 0; i < Math.max(2, threads); i++) world.thread(i % 2 === 0 ? producer(world, channel) : consumer(world, channel))
    },
  },
  'fork-join': {
    title: 'threads that start sixteen short ones and join them', operation: 'fork and join of 16', ms: 10, threads: 1,
    start(world, threads) {
      for (let i = 0; i < threads; i++) world.thread(forker(world))
    },
  },
}
