// A key-value server that speaks the protocol of Redis: GET, SET, DEL, INCR, MGET, MSET, EXPIRE, TTL and their kin, from redis-cli,
// redis-benchmark or any client library.
//
//   pthreads run build/examples/resp/main.js -- [--port N] [--host A] [--threads N] [--shared] [--maxmemory MIB] [--maxmemory-clients MIB]
//                                               [--maxclients N] [--accept each|one] [--enable-debug-command]
//
// One protocol thread a core. Each owns the keys whose hash is its own, and the connections that it was given. It does what
// concerns its own keys at once, and asks the owner, by a message, for the rest: nothing is shared, and nothing is locked. With --shared there is one
// table instead, in shared memory, and a lock around it: the same commands, to be compared. docs/RESP.md has the figures.
//
// How it is made: parser.ts takes bytes apart, connection.ts keeps the order of answers, commands.ts says what commands do to a
// store.ts (or shared-store.ts), service.ts who does them, link.ts carries them to other threads, accept.ts brings
// connections to their threads, protocol.ts is the function of a thread. This file starts and ends them.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import { Mutex, Port, Thread, ThreadDeathError, load } from 'pthreads'
import { memory, SIG_DFL, sigaction, SIGINT, SIGTERM } from 'pthreads/posix'
import { Acceptor, EACH_LISTENS } from './accept.ts'
import type { Answers, Letter, ThreadPort } from './link.ts'
import type { Settings } from './service.ts'
import type { SharedTable } from './shared-store.ts'

const { protocol } = load<typeof import('./protocol.ts')>(new URL('./protocol.js', import.meta.url))

const MIB = 2 ** 20
/** MiB of data that a server holds if nobody says otherwise, and the part of a thread's heap that its keys and values may take. */
const MEMORY = 1024, PART_OF_HEAP = 0.6

interface Options {
  port: number
  host: string
  threads: number
  shared: boolean
  memory: number
  traffic: number
  clients: number
  each: boolean
  debug: boolean
}

/** Runs the server until it is told to end; returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const options = optionsOf(args)
  if (typeof options === 'string') {
    console.error(`resp: ${options}`)
    return 2
  }
  const ports: ThreadPort[] = Array.from({ length: options.threads }, (_, i) => new Port<Letter, Answers>({ name: `protocol ${i}` }))
  const ended = new Port<number>({ name: 'ended connections' })
  let listening = false
  const stop = (): void => { for (const port of ports) port.close() }
  const hands = new Hands(ports)
  const acceptor = options.each ? undefined : new Acceptor(descriptor => hands.give(descriptor))
  const failed = start(options, ports, ended, () => {
    if (listening) acceptor?.threadEnded()
    else stop()
  })
  const over = failed.then(() => { throw new Error('there is no thread left to listen') })
  const code = await open(options, ports, acceptor, stop, over)
  listening = true
  for await (const { body: descriptor } of ended) acceptor?.ended(descriptor)   // until all threads have ended
  await acceptor?.close()
  return Math.max(code, Number(await failed))
}

// Starts the threads. When all have ended, `ended` is closed; true if one has failed.
async function start(options: Options, ports: ThreadPort[], ended: Port<number>, died: () => void): Promise<boolean> {
  const settings = settingsOf(options)
  const table = options.shared ? tableOf(options) : undefined
  let failed = false
  await Promise.all(ports.map(async (_, i) => {
    try {
      await Thread.create({ name: `protocol ${i}`, scope: 'system' }, protocol, i, settings, ports, ended, table).joinAsync()
    } catch (error) {
      console.error(`resp: thread ${i} has ended, and with it the keys that it owned: ${String(error)}`)
      failed = true
      died()
    }
  }))
  ended.close()
  return failed
}

// Listens, says so, and has `stop` called when the server is to end. `over` rejects when no thread is left. Returns the exit code so far.
async function open(options: Options, ports: readonly ThreadPort[], acceptor: Acceptor | undefined, stop: () => void, over: Promise<never>): Promise<number> {
  over.catch(() => undefined)
  try {
    for (const signo of [SIGINT, SIGTERM]) {
      sigaction(memory(), signo, { sa_handler: () => {
        sigaction(memory(), signo, { sa_handler: SIG_DFL })               // the next one ends it by force
        stop()
      } })
    }
    const { threads, host, each, shared } = options
    const port = await Promise.race([acceptor === undefined ? eachListens(options, ports) : acceptor.listen(options.port, host), over])
    const how = threads === 1 ? '1 thread' : `${threads} threads, ${each ? 'each listens' : 'one more accepts'}`
    console.log(`resp: listening on ${host}:${port}, ${how}, ${shared ? 'one table and a lock' : 'each key has an owner'}`)
    return 0
  } catch (error) {
    console.error(`resp: ${(error as Error).message}`)
    stop()
    return 1
  }
}

async function eachListens({ host, port }: Options, ports: readonly ThreadPort[]): Promise<number> {
  let actual = port
  for (const thread of ports) actual = Number((await thread.doAsync({ host, port: actual, shared: ports.length > 1 })).replies[0])
  return actual
}

/** Gives connections to threads in turn. */
class Hands {
  readonly #ports: readonly ThreadPort[]
  #next = 0

  constructor(ports: readonly ThreadPort[]) {
    this.#ports = ports
  }

  /** False if no thread has taken it. One that has ended is passed over. */
  async give(descriptor: number): Promise<boolean> {
    for (const _ of this.#ports) {
      const port = this.#ports[this.#next++ % this.#ports.length]
      try {
        await port.doAsync(descriptor)
        return true
      } catch (error) {
        if (error instanceof ThreadDeathError) return true                 // it had taken it, and has closed it by its death
      }
    }
    return false
  }
}

function settingsOf({ threads, shared, memory, traffic, clients, debug }: Options): Settings {
  return { threads, traffic, memory: shared ? memory : memory / threads, connections: Math.ceil(clients / threads), started: Date.now(), debug }
}

function tableOf({ memory }: Options): SharedTable {
  return { memory: new SharedArrayBuffer(memory), mutex: new Mutex({ name: 'table', robust: true }) }
}

function optionsOf(args: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args, options: {
        port: { type: 'string', default: '6379' }, host: { type: 'string', default: '127.0.0.1' },
        threads: { type: 'string', default: String(availableParallelism()) }, shared: { type: 'boolean', default: false },
        maxmemory: { type: 'string' }, 'maxmemory-clients': { type: 'string', default: '1024' }, maxclients: { type: 'string', default: '10000' },
        accept: { type: 'string' }, 'enable-debug-command': { type: 'boolean', default: false },
      },
    })
    const { host, shared } = values, debug = values['enable-debug-command']
    const threads = whole('threads', values.threads, 1, 256)
    const most = shared ? 2047 : Math.floor(getHeapStatistics().heap_size_limit * PART_OF_HEAP * threads / MIB)
    const memory = values.maxmemory === undefined ? Math.min(MEMORY, most) : whole('maxmemory, in MiB,', values.maxmemory, 1, most)
    return {
      host, shared, debug, threads, memory: memory * MIB, each: eachOf(values.accept, threads),
      port: whole('port', values.port, 0, 65535), clients: whole('maxclients', values.maxclients, 1, 1_000_000),
      traffic: whole('maxmemory-clients, in MiB,', values['maxmemory-clients'], 1, 65536) * MIB,
    }
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}

function eachOf(accept: string | undefined, threads: number): boolean {
  if (accept !== undefined && accept !== 'each' && accept !== 'one') throw new Error(`--accept: '${accept}' is neither 'each' nor 'one'`)
  if (accept === 'each' && threads > 1 && !EACH_LISTENS) throw new Error('--accept each needs Linux, and Node 22.12 or newer')
  if (process.platform === 'win32' && (accept === 'one' || threads > 1)) throw new Error('on Windows only --threads 1 can be had: a connection has no number there')
  return accept === undefined ? threads === 1 || EACH_LISTENS : accept === 'each'
}

function whole(what: string, text: string, least: number, most: number): number {
  const n = Number(text)
  if (!/^\d+$/.test(text) || n < least || n > most) throw new Error(`${what} is a whole number from ${least} to ${most}, not '${text}'`)
  return n
}
