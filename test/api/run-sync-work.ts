// What the I/O thread runs in the tests of runSync, and the threads that call it.

import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { type AddressInfo } from 'node:net'
import { type MessagePort } from 'node:worker_threads'
import { load, runSync, Semaphore, Thread, thread, transfer, type Entries, type ErrnoError } from 'pthreads'
import { memory, SIG_DFL, sigaction, SIGUSR1 } from 'pthreads/posix'
import { asleep } from './until.ts'

type Work = typeof import('./run-sync-work.ts')
const work: Entries<Work> = load<Work>(import.meta.url)

// Functions for the I/O thread ------------------------------------------------------------------------------------

export async function echo(value: unknown): Promise<unknown> {
  await Promise.resolve()
  return value
}

export const double = thread(import.meta, function double(n: number): number {
  return 2 * n
})

export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url)
  return response.text()
}

export async function whoRuns(): Promise<Thread> {
  return Promise.resolve(Thread.current)
}

export async function fails(kind: string): Promise<never> {
  await Promise.resolve()
  if (kind === 'a string') throw 'a string'
  throw Object.assign(new RangeError(`it is ${kind}`, { cause: new TypeError('the cause') }), { code: 'ERR_KIND' })
}

export function throwsAtOnce(): never {
  throw new RangeError('at once')
}

export async function unsendable(): Promise<() => void> {
  return Promise.resolve(() => undefined)
}

/** Calls that wait here go on when `open` is called. */
let opened: Promise<void>, openIt: () => void
export async function close(): Promise<void> {
  opened = new Promise(resolve => openIt = resolve)
  return Promise.resolve()
}

export async function waitForOpen(value: unknown, begun?: Int32Array): Promise<unknown> {
  if (begun !== undefined) Atomics.add(begun, 0, 1)
  await opened
  return value
}

export async function open(): Promise<void> {
  openIt()
  return Promise.resolve()
}

export async function count(counted: Int32Array): Promise<number> {
  return Promise.resolve(Atomics.add(counted, 0, 1))
}

/** Stops the whole I/O thread until `gate` lets it go. */
export function block(entered: Semaphore, gate: Semaphore): void {
  entered.post()
  gate.wait()
}

export async function nested(): Promise<string> {
  try {
    return String(await Promise.resolve(runSync(work.echo, 'x')))
  } catch (error) {
    return (error as ErrnoError).code
  }
}

export async function readPort(port: MessagePort): Promise<unknown> {
  const [message] = await once(port, 'message') as [unknown]
  port.close()
  return message
}

export async function makeBuffer(bytes: number): Promise<{ buffer: ArrayBuffer }> {
  const buffer = new Uint8Array(bytes).fill(7).buffer
  return Promise.resolve(transfer({ buffer }, [buffer]))
}

export async function length(buffer: ArrayBuffer): Promise<number> {
  return Promise.resolve(buffer.byteLength)
}

export async function exitsWith(value: number): Promise<number> {
  await Promise.resolve()
  return Thread.exit(value)
}

export async function keepServing(): Promise<void> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}

// How the I/O thread dies -----------------------------------------------------------------------------------------

export async function exitProcess(code: number): Promise<never> {
  await Promise.resolve()
  return process.exit(code)
}

export async function throwInTimer(): Promise<void> {
  setTimeout(() => { throw new RangeError('in a timer') }, 0)
  return new Promise(() => undefined)
}

// Without `fill`: see eats in test/kernel/fixtures.
export async function exhaust(): Promise<number> {
  const kept: number[][] = []
  for (;;) {
    kept.push([kept.length, 0, 0, 0, 0, 0, 0, 0])
    if (kept.length % 100_000 === 0) await Promise.resolve()
  }
}

// Threads that call -----------------------------------------------------------------------------------------------

export function callsEcho(count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += runSync(work.echo, i) as number
  return sum
}

/** Gives up calls until as many have begun, then waits for one. */
export function callsWaitForOpen(givenUp: number, value: number, begun: Int32Array): number {
  while (Atomics.load(begun, 0) < givenUp) {
    try {
      runSync({ timeout: 1 }, work.waitForOpen, 0, begun)
    } catch (error) {
      if ((error as ErrnoError).code !== 'ETIMEDOUT') throw error
    }
  }
  return runSync(work.waitForOpen, value) as number
}

export function callsCount(counted: Int32Array): void {
  runSync(work.count, counted)
}

export function fetches(url: string, who: number, count: number): number {
  let right = 0
  for (let i = 0; i < count; i++) if (runSync(work.fetchText, `${url}/${who}/${i}`) === `you asked for /${who}/${i}`) right++
  return right
}

export function handlesAndCalls(got: Semaphore): unknown[] {
  let answer = 0
  sigaction(memory(), SIGUSR1, { sa_handler: () => {
    answer = runSync(work.double, 7)
    got.post()
  } })
  const result = runSync(work.waitForOpen, 'opened')
  sigaction(memory(), SIGUSR1, { sa_handler: SIG_DFL })
  return [result, answer]
}

/** Waits in a call until the I/O thread dies; returns the code of the error. */
export function tellsDeath(): string {
  return codeOf(() => { runSync(work.waitForOpen, 0) })
}

export function tellsDeathOfBlock(entered: Semaphore, gate: Semaphore): string {
  return codeOf(() => { runSync(work.block, entered, gate) })
}

function codeOf(f: () => void): string {
  try {
    f()
    return 'returned'
  } catch (error) {
    return (error as ErrnoError).code
  }
}

export function terminatesWhenAsleep(victim: Thread, sleeper: Thread): void {
  asleep(sleeper, 'call')
  victim.terminate()
}

/** An HTTP server that answers with the path, until `stop`. */
export async function serveHttp(listening: Semaphore, address: Int32Array, stop: Semaphore): Promise<number> {
  let requests = 0
  const server: Server = createServer((request, response) => {
    requests++
    response.setHeader('connection', 'close')
    response.end(`you asked for ${request.url}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  address[0] = (server.address() as AddressInfo).port
  listening.post()
  await stop.waitAsync()
  server.close()
  return requests
}
