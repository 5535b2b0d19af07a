// The threads of port.test.ts and its kin.

import { fiber, load, type Message, Port, type Semaphore, Thread, transfer } from 'pthreads'

const work = load<typeof import('./port-work.ts')>(new URL(import.meta.url))

/** Doubles what it is sent until the port is closed; returns how many it was. */
export function doubler(port: Port<number, number>): number {
  let served = 0
  for (const message of port) {
    message.answer(n => 2 * n)
    served++
  }
  return served
}

/** Aborts each message with an error that has everything. */
export function refuser(port: Port): void {
  for (const message of port) {
    const error = Object.assign(new RangeError(`no ${String(message.body)}`, { cause: new TypeError('because') }), { code: 'E_NO', at: [1, 2] })
    message.abort(error)
  }
}

/** Sends `count` numbers from 0, with who it is. */
export function sender(port: Port<[number, number]>, who: number, count: number): void {
  for (let i = 0; i < count; i++) port.send([who, i])
}

/** Counts `count` messages into `seen`: the sum for each sender; -1 if one came out of order. */
export function counter(port: Port<[number, number]>, count: number, senders: number): number[] {
  const next = new Array<number>(senders).fill(0)
  for (let i = 0; i < count; i++) {
    const [who, n] = port.wait().body
    next[who] = n === next[who] ? n + 1 : -1e9
  }
  return next
}

/** Takes messages until the port is closed; returns them. */
export function collector<T>(port: Port<T>): T[] {
  return Array.from(port, message => message.body)
}

export function sendOne(port: Port, body: unknown): string {
  try {
    port.send(body)
    return 'sent'
  } catch (error) {
    return (error as { code: string }).code
  }
}

export function sendTimed(port: Port<number>, body: number, timeout: number): string {
  try {
    port.send(body, { timeout })
    return 'sent'
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** Asks; returns the answer, or the error's name and code. */
export function ask(port: Port, body: unknown): unknown {
  try {
    return port.do(body)
  } catch (error) {
    const { name, code } = error as Error & { code: string }
    return `${name} ${code}`
  }
}

/** Takes a message, says so, and ends, in some way, without an answer. */
export function deserter(port: Port, taken: Semaphore, how: string, go: Semaphore): void {
  const message = port.wait()
  taken.post()
  go.wait()
  if (how === 'throw') throw new Error(`deserter of ${String(message.body)}`)
  if (how === 'exit') process.exit(7)
  if (how === 'loop') for (;;) go.wait()
}

/** Passes on what it gets. */
export function router(from: Port<number, number>, even: Port<number, number>, odd: Port<number, number>): void {
  for (const message of from) message.forward(message.body % 2 === 0 ? even : odd)
  even.close()
  odd.close()
}

/** Answers with who has sent. */
export function whoSent(port: Port<string, number>): void {
  for (const message of port) message.reply(message.sender)
}

export function tellTid(port: Port<string, number>): boolean {
  return port.do('who am I?') === Thread.current.tid
}

/** Answers an ArrayBuffer with one that moves, one byte longer. */
export function growBuffers(port: Port<ArrayBuffer, ArrayBuffer>): void {
  for (const message of port) {
    const longer = new ArrayBuffer(message.body.byteLength + 1)
    message.reply(transfer(longer, [longer]))
  }
}

/** Adds 1 to each word that it is sent, of whatever memory. */
export function bump(port: Port<Int32Array>): void {
  for (const message of port) {
    Atomics.add(message.body, 0, 1)
    message.reply(undefined)
  }
}

/** Answers through the port that comes with the question. */
export function callBack(port: Port<{ value: number, to: Port<number> }>): void {
  for (const { body: { value, to } } of port) to.send(value + 1)
}

/** Counts what it serves of a common port until it is closed. */
export function worker(port: Port<number, number>, counts: Int32Array): number {
  let served = 0
  for (const message of port) {
    Atomics.add(counts, message.body, 1)
    message.reply(message.body)
    served++
  }
  return served
}

export async function asyncServer(port: Port<number, number>): Promise<number> {
  let served = 0
  for await (const message of port) {
    await message.answerAsync(async (n) => {
      await new Promise(resolve => setImmediate(resolve))
      if (n < 0) throw new RangeError('below 0')
      return n + 1
    })
    served++
  }
  return served
}

/** Leaves a promise of an answer behind. */
export function leavesPromise(port: Port<number, number>): string {
  void port.doAsync(1)
  return 'left'
}

export function* fiberServer(port: Port<number, number>, count: number): Generator<unknown, number> {
  let sum = 0
  for (let i = 0; i < count; i++) {
    const message: Message<number, number> = yield* fiber.receive(port)
    sum += message.body
    message.reply(message.body * 3)
  }
  return sum
}

export function* fiberClient(port: Port<number, number>, from: number, count: number): Generator<unknown, number> {
  let sum = 0
  for (let i = from; i < from + count; i++) sum += yield* fiber.do(port, i)
  return sum
}

/** A pair of fibers on one carrier: one sends more than fits, the other takes it. */
export function* fiberPair(count: number): Generator<unknown, boolean> {
  const port = new Port<number>({ capacity: 4 })
  const sum = Thread.create({ scope: 'process' }, work.fiberSum, port, count)
  for (let i = 0; i < count; i++) yield* fiber.send(port, i)
  return (yield* fiber.join(sum)) === count * (count - 1) / 2
}

export function* fiberSum(port: Port<number>, count: number): Generator<unknown, number> {
  let sum = 0
  for (let i = 0; i < count; i++) sum += (yield* fiber.receive(port)).body
  return sum
}

/** A fiber that blocks without a yield: what it is told. */
export function* fiberThatBlocks(how: string): Generator<unknown, string> {
  const port = new Port<number>({ capacity: 1, name: 'full' })
  port.send(1)
  try {
    yield* fiber.yield()
    if (how === 'send') port.send(2)
    if (how === 'do') port.do(2)
    if (how === 'wait') {
      port.get()
      port.wait()
    }
    return 'went on'
  } catch (error) {
    return (error as Error).message
  } finally {
    while (port.get() !== undefined);
  }
}

/** Serves `mine` by asking `other` first. */
export function asksFirst(mine: Port, other: Port, ready: Semaphore, go: Semaphore): string {
  mine.get()
  ready.post()
  go.wait()
  return ask(other, 'you first') as string
}

export function waits(port: Port): void {
  port.wait()
}

export function asks(port: Port): void {
  port.do('anything')
}
