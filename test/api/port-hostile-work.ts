// The threads of the hostile tests of ports: generators, which run under each model.

import { fiber, load, type Message, type Port, type Semaphore, Thread } from 'pthreads'

const work = load<typeof import('./port-hostile-work.ts')>(new URL(import.meta.url))

export type End = 'return' | 'throw' | 'exit' | 'terminate'

function* end(how: End): Generator<unknown, void> {
  if (how === 'throw') throw new Error('it ends so')
  if (how === 'exit') process.exit(7)
  if (how === 'terminate') for (;;) yield* fiber.sleep(1000)                // terminated in it
}

/** Takes so many messages, says so, and ends in some way when it may. */
export function* deserter(port: Port, count: number, how: End, taken: Semaphore, go: Semaphore): Generator<unknown, void> {
  for (let i = 0; i < count; i++) yield* fiber.receive(port)
  taken.post()
  yield* fiber.acquire(go)
  yield* end(how)
}

/** Answers with the double until the port is closed; returns how many it was. */
export function* doubler(port: Port<number, number>): Generator<unknown, number> {
  let served = 0
  for (;;) {
    let message: Message<number, number>
    try {
      message = yield* fiber.receive(port)
    } catch (error) {
      if ((error as { code?: string }).code === 'EPIPE') return served
      throw error
    }
    message.reply(2 * message.body)
    served++
  }
}

/** Sends; returns what came of it. */
export function* sends(port: Port, body: unknown): Generator<unknown, string> {
  try {
    yield* fiber.send(port, body)
    return 'sent'
  } catch (error) {
    if (!(error instanceof Error)) throw error                            // it is canceled
    return (error as Error & { code: string }).code
  }
}

/** Asks; returns the answer, or the error's name and code. */
export function* asks(port: Port, body: unknown): Generator<unknown, unknown> {
  try {
    return yield* fiber.do(port, body)
  } catch (error) {
    const { name, code } = error as Error & { code: string }
    return `${name} ${code}`
  }
}

/** Ends the carrier that it runs on. */
export function* exits(): Generator<unknown, void> {
  yield* fiber.yield()
  process.exit(7)
}

/** What goes round: how often still, less than nothing: for ever. */
export interface Hop { left: number }

/** Passes on what comes, until the port is closed. */
export function* hops(mine: Port<Hop, string>, other: Port<Hop, string>, done: Port<string>, name: string): Generator<unknown, number> {
  for (let n = 0; ; n++) {
    let message: Message<Hop, string>
    try {
      message = yield* fiber.receive(mine)
    } catch {
      return n
    }
    const { body, awaited } = message
    if (--body.left !== 0) {
      try {
        yield* fiber.forward(message, other)
      } catch (error) {
        message.abort(error)
      }
    } else if (awaited) {
      message.reply(name)
    } else {
      yield* fiber.send(done, name)
    }
  }
}

let passed: Message<number, number> | undefined

/** Takes a message, which it leaves to whoever shares its heap, and ends when it may. */
export function* takesFor(port: Port<number, number>, taken: Semaphore, go: Semaphore): Generator<unknown, void> {
  passed = yield* fiber.receive(port)
  taken.post()
  yield* fiber.acquire(go)
}

/** Answers what another thread of its heap has taken; returns what it then is. */
export function* repliesFor(): Generator<unknown, string> {
  yield* fiber.yield()
  passed!.reply(passed!.body + 1)
  return passed!.state
}

/** Gets a port through a port, and sends that through itself. */
export function* sendsItself(port: Port<Port>): Generator<unknown, boolean> {
  const { body } = yield* fiber.receive(port)
  yield* fiber.send(body, body)
  return (yield* fiber.receive(body)).body === body
}

/** Answers with the port itself. */
export function* repliesPort(port: Port<number, Port>): Generator<unknown, void> {
  (yield* fiber.receive(port)).reply(port as Port)
}

/** Tries each answer that cannot travel, then gives one that can. */
export function* repliesBadly(port: Port<number, unknown>): Generator<unknown, string[]> {
  const message = yield* fiber.receive(port)
  const told: string[] = []
  for (const result of [() => 1, { a: [Symbol('x')] }, new WeakMap(), { get a(): never { throw new RangeError('the getter') } }]) {
    try {
      message.reply(result)
    } catch (error) {
      told.push((error as Error).name, message.state)
    }
  }
  message.reply('at last')
  return told
}

/** Breaks out of its loop after two, and takes the rest by hand. */
export async function breaksOut(port: Port<number>): Promise<number[]> {
  const taken: number[] = []
  for await (const { body } of port) if (taken.push(body) === 2) break
  for await (const { body } of port) if (taken.push(10 * body) === 4) break
  taken.push(100 * (await port.waitAsync()).body)
  return taken
}

/** A pair, one of which asks while the other one serves, under whatever model. */
export function* asksPair(port: Port<number, number>, count: number): Generator<unknown, number> {
  const server = Thread.create(work.doubler, port)
  let sum = 0
  for (let i = 0; i < count; i++) sum += yield* fiber.do(port, i)
  port.close()
  yield* fiber.join(server)
  return sum
}
