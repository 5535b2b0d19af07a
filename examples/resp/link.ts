// What one protocol thread asks another. Commands for the keys of another thread are put together: while one message is under way the next one
// fills, and so a message costs more rarely the more there is to do. Commands of one thread are done by the other in the order in which they
// were asked: a client that pipelines sees its own writes.

import { ErrnoError, ThreadDeathError, type Port } from 'pthreads'
import type { Arg } from './parser.ts'
import { failure, type Reply } from './reply.ts'

/** What a protocol thread is sent: commands to do, a descriptor (see accept.ts), a place to listen at. */
export type Letter = readonly (readonly Arg[])[] | number | Place

/** Where to listen; `shared`: other threads do so too. */
export interface Place { readonly host: string, readonly port: number, readonly shared: boolean }

/** Answers in the order of the commands, and the commands that are to be asked again, because these answers are large enough; for a place the port. */
export interface Answers { readonly replies: readonly Reply[], readonly rest: readonly (readonly Arg[])[] }

export type ThreadPort = Port<Letter, Answers>

/** Larger arguments and answers move, others are copied, bytes. */
const MOVED = 65536
/** The most that one message carries, and how large its answers become before the rest has to be asked again. */
const COMMANDS = 512, BYTES = 2 ** 20
export const ENOUGH = 16 * 2 ** 20

/** Who gets an answer. */
export interface Taker { take(reply: Reply): void }

/** The way to one other thread. */
export class Link {
  readonly #port: ThreadPort
  readonly #index: number
  readonly #answered: () => void
  #commands: (readonly Arg[])[] = []
  #takers: Taker[] = []
  #sending: Promise<void> | undefined
  messages = 0

  /** `answered` is called after the answers of a message have been given to those who asked. */
  constructor(index: number, port: ThreadPort, answered: () => void) {
    this.#index = index
    this.#port = port
    this.#answered = answered
  }

  /** Asks for one command; `taker` gets the answer, always. */
  ask(args: readonly Arg[], taker: Taker): void {
    this.#commands.push(args)
    this.#takers.push(taker)
    this.#sending ??= new Promise(resolve => setImmediate(resolve)).then(() => this.#send())
  }

  /** When nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending
  }

  async #send(): Promise<void> {
    while (this.#commands.length > 0) {
      const { replies, rest } = await this.#ask(this.#next())
      this.messages++
      this.#commands.unshift(...rest)
      for (const [i, taker] of this.#takers.splice(0, replies.length).entries()) taker.take(replies[i])
      this.#answered()
    }
    this.#sending = undefined
  }

  #next(): (readonly Arg[])[] {
    let bytes = 0, n = 0
    while (n < this.#commands.length && n < COMMANDS && bytes < BYTES) for (const arg of this.#commands[n++]) bytes += arg.length
    if (n < this.#commands.length) return this.#commands.splice(0, n)
    const all = this.#commands
    this.#commands = []
    return all
  }

  async #ask(commands: readonly (readonly Arg[])[]): Promise<Answers> {
    try {
      return await this.#port.doAsync(commands, { transfer: moving(commands) })
    } catch (error) {
      const reply = this.#isOver(error) ? `SHARDDOWN thread ${this.#index}, which owned the key, has ended, and its keys are lost` : `ERR ${(error as Error).message}`
      return { replies: commands.map(() => failure(reply)), rest: [] }
    }
  }

  #isOver(error: unknown): boolean {
    return error instanceof ThreadDeathError || error instanceof ErrnoError && error.code === 'EPIPE'
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
