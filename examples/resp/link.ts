// What one protocol thread asks another. Commands for the keys of another thread are put together: while one message is under way the next one
// fills, and so a message costs more rarely the more there is to do. Commands of one thread are done by the other in the order in which they
// were asked: a client that pipelines sees its own writes.

import { ErrnoError, ThreadDeathError, type Port } from 'pthreads'
import type { Arg } from './parser.ts'
import { failure, type Reply } from './reply.ts'

/** What a protocol thread is sent: commands to do, a descriptor (see accept.ts), a place to listen at. */
export type Letter = readonly Arg[][] | number | Place

/** Where to listen; `shared`: other threads do so too. */
export interface Place { readonly host: string, readonly port: number, readonly shared: boolean }

/** Answers in the order of the commands; for a place the port. */
export type Answers = readonly Reply[]

export type ThreadPort = Port<Letter, Answers>

/** Larger arguments and answers move, others are copied, bytes. */
const MOVED = 65536
/** The most that one message carries. */
const COMMANDS = 512, BYTES = 2 ** 20

/** The way to one other thread. */
export class Link {
  readonly #port: ThreadPort
  readonly #index: number
  readonly #answered: () => void
  #commands: Arg[][] = []
  #takers: ((reply: Reply) => void)[] = []
  #sending: Promise<void> | undefined
  messages = 0

  /** `answered` is called after the answers of a message have been given to those who asked. */
  constructor(index: number, port: ThreadPort, answered: () => void) {
    this.#index = index
    this.#port = port
    this.#answered = answered
  }

  /** Asks for one command; `take` gets the answer, always. */
  ask(args: Arg[], take: (reply: Reply) => void): void {
    this.#commands.push(args)
    this.#takers.push(take)
    this.#sending ??= new Promise(resolve => setImmediate(resolve)).then(() => this.#send())
  }

  /** When nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending
  }

  async #send(): Promise<void> {
    while (this.#commands.length > 0) {
      const commands = this.#next(), takers = this.#takers.splice(0, commands.length)
      const answers = await this.#ask(commands)
      this.messages++
      for (const [i, take] of takers.entries()) take(typeof answers === 'string' ? answers : answers[i])
      this.#answered()
    }
    this.#sending = undefined
  }

  #next(): Arg[][] {
    let bytes = 0, n = 0
    while (n < this.#commands.length && n < COMMANDS && bytes < BYTES) for (const arg of this.#commands[n++]) bytes += arg.length
    if (n < this.#commands.length) return this.#commands.splice(0, n)
    const all = this.#commands
    this.#commands = []
    return all
  }

  async #ask(commands: Arg[][]): Promise<Answers | string> {
    try {
      return await this.#port.doAsync(commands, { transfer: moving(commands) })
    } catch (error) {
      if (!(error instanceof ErrnoError) && !(error instanceof ThreadDeathError)) return failure(`ERR ${(error as Error).message}`)
      const { code } = error as { code?: string }
      if (error instanceof ErrnoError && code !== 'EPIPE') return failure(`ERR ${error.message}`)
      return failure(`SHARDDOWN thread ${this.#index}, which owned the key, has ended, and its keys are lost`)
    }
  }
}

/** What moves with these values instead of being copied. Each large one is the only one in its memory. */
export function moving(lists: readonly (readonly Arg[] | string)[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = []
  for (const list of lists) {
    if (typeof list === 'string') continue
    for (const value of list) if (typeof value !== 'string' && value.length >= MOVED) buffers.push(value.buffer as ArrayBuffer)
  }
  return buffers
}
