// Input of this process that has to be waited for: pipes, terminals, sockets.  No thread is ever inside a read that waits, for such a
// one could neither be interrupted nor ended: an event loop reads, and keeps what has come until somebody takes it.
//
// It reads when something was asked for that is not there, up to AHEAD bytes, then no more until it is asked again.
//
// Descriptors 0 to 2 are streams of Node, which never closes these; what a caller opened, and will close, is read by Node's pool, a
// thread of which waits then.

import { fstatSync, read } from 'node:fs'
import { Socket, type SocketConstructorOpts } from 'node:net'
import { isatty, ReadStream } from 'node:tty'

const AHEAD = 65536

/** What a descriptor is, as far as readers can tell. */
export type InputKind = 'file' | 'pipe' | 'terminal' | 'socket'

/** What `fd` is. Of a file, and of what cannot be told, reads do not wait. Throws EBADF. */
export function inputKind(fd: number): InputKind {
  const stat = fstatSync(fd, { bigint: true })                             // see isTerminal in output.ts
  return stat.isFIFO() ? 'pipe' : stat.isSocket() ? 'socket' : isatty(fd) ? 'terminal' : 'file'
}

/** What waits to be taken: bytes; none: the end, or the error that reading met. */
interface Come { readonly bytes: Uint8Array, readonly error?: Error }

type Deliver = (come: Come) => void
interface Source { ask(): void, stop(): void }

const END = new Uint8Array(0)

/** What comes from a descriptor, in one heap. */
export class Input {
  readonly #source: Source
  readonly #came: () => void
  readonly #queue: Come[] = []
  #asked = false

  /** `came` is called when something has come that was asked for. Throws what Node throws for a descriptor that it cannot read. */
  constructor(fd: number, came: () => void) {
    const deliver = (come: Come): void => {
      this.#asked = false
      this.#queue.push(come)
      this.#came()
    }
    this.#came = came
    this.#source = fd <= 2 ? streamOf(fd, deliver) : poolOf(fd, deliver)
  }

  /** How many bytes there are; 0: the end, or an error, which the next to take gets; undefined: nothing yet, and `came` will be called. */
  look(): number | undefined {
    if (this.#queue.length !== 0) return this.#queue[0].bytes.length
    if (!this.#asked) {
      this.#asked = true
      this.#source.ask()
    }
    return undefined
  }

  /** Up to `most` bytes, none at the end; undefined: nothing yet, and `came` will be called. Throws what reading has thrown. */
  take(most: number): Uint8Array | undefined {
    if (this.look() === undefined) return undefined
    const { bytes, error } = this.#queue[0]
    if (bytes.length > most) {
      this.#queue[0] = { bytes: bytes.subarray(most) }
      return bytes.subarray(0, most)
    }
    this.#queue.shift()
    if (error !== undefined) throw error
    return bytes
  }

  /** Nobody waits any more: what comes from now on is left to others, as far as that can be. */
  stop(): void {
    if (!this.#asked) return
    this.#asked = false
    this.#source.stop()
  }
}

function streamOf(fd: number, deliver: Deliver): Source {
  let ended = false
  const end = (error?: Error): void => {
    ended = true
    deliver(error === undefined ? { bytes: END } : { bytes: END, error })
  }
  const callback = (length: number, bytes: Uint8Array): boolean => {
    deliver({ bytes: bytes.slice(0, length) })
    return false                                                          // no more until it is asked
  }
  const options = { readable: true, writable: false, manualStart: true, onread: { buffer: Buffer.alloc(AHEAD), callback } } as unknown as SocketConstructorOpts
  const stream = isatty(fd) ? new ReadStream(fd, options) : new Socket({ ...options, fd })
  stream.on('end', () => { end() })
  stream.on('error', end)
  stream.pause()
  return {
    ask() {
      if (ended) deliver({ bytes: END })
      else stream.resume()
    },
    stop: () => { stream.pause() },
  }
}

function poolOf(fd: number, deliver: Deliver): Source {
  let under = false
  const attempt = (): void => {
    under = true
    read(fd, new Uint8Array(AHEAD), 0, AHEAD, null, (error, length, bytes) => {
      under = false
      if (error === null || error.code === 'EOF') deliver({ bytes: error === null ? bytes.subarray(0, length) : END })
      else if (error.code === 'EAGAIN') setTimeout(attempt, AGAIN)
      else deliver({ bytes: END, error })
    })
  }
  return { ask: () => { if (!under) attempt() }, stop: () => undefined }
}

/** Between two looks at a descriptor that somebody has made non-blocking, ms. */
const AGAIN = 10
