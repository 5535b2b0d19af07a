// Output of threads.  In a Worker, Node's process.stdout passes chunks on to the first thread, which prints them when
// its event loop turns: never, while it is blocked.  Carriers write to the file descriptor themselves.
//
// One chunk is one write as far as the reader can tell: it is written whole, under a lock of the process, also
// through a reader so slow that writes are short or refused.

import { fstatSync, readSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

const pause = new Int32Array(new SharedArrayBuffer(4))
const LONGEST_PAUSE = 20

/** Writes all of `bytes` to `fd`; blocks while the reader is slow. Throws what the write throws: EPIPE, ENOSPC. */
export function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0, wait = 1; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at)
      wait = 1
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, wait)
      wait = Math.min(LONGEST_PAUSE, wait * 2)
    }
  }
}

/** Reads up to as many bytes as `bytes` has from `fd`, a file. Returns 0 at the end of the file. */
export function readSome(fd: number, bytes: Uint8Array): number {
  try {
    return readSync(fd, bytes, 0, bytes.length, null)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EOF') return 0
    throw error
  }
}

type Done = (error?: Error | null) => void

/** Makes this Worker's stdout and stderr write directly; `lock` runs a function while no other thread writes. */
export function directOutput(lock: (write: () => void) => void): void {
  for (const [stream, fd] of [[process.stdout, 1], [process.stderr, 2]] as const) {
    const put = (bytes: Uint8Array, done: Done): void => {
      try {
        lock(() => { writeWhole(fd, bytes) })
      } catch (error) {
        done(error as Error)
        return
      }
      done()
    }
    Object.assign(stream, {
      fd,
      _write: (chunk: Uint8Array | string, encoding: BufferEncoding, done: Done) => { put(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk, done) },
      _writev: (chunks: { chunk: Uint8Array | string, encoding: BufferEncoding }[], done: Done) => {
        put(Buffer.concat(chunks.map(({ chunk, encoding }) => typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)), done)
      },
    })
    if (isTerminal(fd)) Object.defineProperty(stream, 'isTTY', { value: true, configurable: true })
  }
}

// Whoever asks Node loads its sockets: it is asked about devices only. With bigint, because Node's realpathSync reads what the last fstat
// without left behind: after that of a pipe it follows no links, and finds another copy of a library that is linked (20.20).
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd, { bigint: true }).isCharacterDevice() && isatty(fd)
  } catch {
    return false                                                          // it is closed
  }
}
