// The files of a program, in the heap that makes its calls: WASI's calls, none of which waits.
//
// Files are opened so that they never block, whatever the program says; what it says is kept here.  A call that would have waited
// returns WAITS, and whoever made it sleeps a while and makes it again (calls.ts): so a pipe that nobody writes holds up its readers
// and nobody else.  There is no bound of such waits, for nothing of the host's is kept meanwhile.
//
//   path_open  for writing, of a named pipe that nobody reads: ENXIO, so WAITS.  For reading, of one that nobody writes: succeeds at once;
//              OPENED says that the caller has to ask for the `writer`, and to close the descriptor if it will not wait.
//   fd_read    of a pipe whose writers are there and have written nothing: EAGAIN, so WAITS.  None at the end of file, when all of them have gone.
//   fd_write   writes what there is room for; the caller goes on with the rest.
//
// Whether a writer is there can be seen only by reading: EAGAIN says so.  A byte that comes instead is kept `ahead`.  So is whether there is
// something to read, for uvwasi's own poll is none: it needs a clock, and if that is due when it begins it looks at nothing else.  For what cannot be seen
// otherwise, whether there is room to write and whether a writer has come and gone, it is asked several times.
//
// Rejected: a thread for each call that waits, of a pool of them (WASI's descriptors are of one heap; a thread that is inside of the
// system cannot be interrupted, and keeps the process from ending).

import { wasiOf } from '#host'
import { peek, poke } from '#atomics'
import type { Address, Memory } from '../mem/memory.ts'
import { wasiErrno } from './errno.ts'
import type { Guest } from './guest.ts'
import { HUP, IN, NVAL, OUT } from './ready.ts'
import { putLong } from './struct-c.ts'
import { PAGE } from './transform.ts'

/** What a call returns that has to be made again, and an opening whose pipe has no writer yet; beside WASI's errors. */
export const WAITS = -1, OPENED = -2

type Args = readonly (number | bigint)[]
type Calls = Record<string, (...args: (number | bigint)[]) => number>

const NONBLOCK = 4, READS = 2n, WRITES = 64n
const AGAIN = wasiErrno('EAGAIN'), NXIO = wasiErrno('ENXIO')
const REGULAR = 4, DIRECTORY = 3, PIPE = 6                                // filetypes; that of a pipe is also a socket's
const CLOCK = 0, READ = 1, WRITE = 2, SUBSCRIPTION = 48, EVENT = 32
// How long uvwasi looks, ns, and how often.
const LOOK = 2e6, LOOKS = 3

// In the last page of the memory, which is not the program's.
const VECTOR = 0, COUNT = 8, BYTE = 16, STAT = 64, SUBSCRIPTIONS = 256
const MOST = Math.floor((PAGE - 16 - SUBSCRIPTIONS) / (SUBSCRIPTION + EVENT)) - 1
const EVENTS = SUBSCRIPTIONS + (MOST + 1) * SUBSCRIPTION

/** The descriptors of one program, but for its standard streams. */
export class Files {
  readonly #memory: Memory
  readonly #calls: Calls
  readonly #scratch: Address
  /** The flags of each that is open, as the program has set them. */
  readonly #flags = new Map<number, number>()
  readonly #ahead = new Map<number, number>()
  /** Those of which it is known that they have had a writer. */
  readonly #met = new Set<number>()

  constructor({ memory, about }: Guest) {
    this.#memory = memory
    this.#calls = wasiOf(memory.wasm!, about)
    this.#scratch = (about.maximum - 1) * PAGE
    for (let fd = 0, end = 3 + Object.keys(about.dirs).length; fd < end; fd++) this.#flags.set(fd, 0)
  }

  /** Makes a call: WASI's, `writer`, or `poll` ({@link poll}). */
  call(name: string, args: Args): number {
    const a = args as number[]
    switch (name) {
      case 'path_open': return this.#open(args)
      case 'writer': return this.#writer(a[0])
      case 'fd_read': return this.#read(a)
      case 'fd_write': return this.#write(a)
      case 'fd_close': return this.#close(a[0])
      case 'fd_renumber': return this.#renumber(a[0], a[1])
      case 'fd_fdstat_get': return this.#stat(a[0], a[1])
      case 'fd_fdstat_set_flags': return this.#setFlags(a[0], a[1])
      default: return this.#calls[name](...args)
    }
  }

  /** The program is over: closes what it has left open. */
  close(): void {
    for (const fd of this.#flags.keys()) this.#calls.fd_close(fd)
    this.#flags.clear()
  }

  #blocks(fd: number): boolean {
    return ((this.#flags.get(fd) ?? 0) & NONBLOCK) === 0
  }

  #open(args: Args): number {
    const flags = Number(args[7]), waits = (flags & NONBLOCK) === 0, out = Number(args[8])
    const errno = this.#calls.path_open(...args.slice(0, 7), flags | NONBLOCK, out)
    if (errno === NXIO && waits && this.#isPipe(args)) return WAITS
    if (errno !== 0) return errno
    const fd = peek(this.#memory, out), rights = BigInt(args[5])
    this.#flags.set(fd, flags)
    return waits && (rights & (READS | WRITES)) === READS && this.#typeOf(fd) === PIPE ? this.#writer(fd) : 0
  }

  #isPipe([fd, flags, path, length]: Args): boolean {
    return this.#calls.path_filestat_get(fd, flags, path, length, this.#scratch + STAT) === 0 && this.#memory.u8[this.#scratch + STAT + 16] === PIPE
  }

  // The type of an open file; -1: it is none.
  #typeOf(fd: number): number {
    return this.#calls.fd_fdstat_get(fd, this.#scratch + STAT) === 0 ? this.#memory.u8[this.#scratch + STAT] : -1
  }

  #writer(fd: number): number {
    const errno = this.#peek(fd)
    return errno === AGAIN ? 0 : errno !== 0 || this.#met.has(fd) ? errno : OPENED
  }

  // 0: there is a byte ahead, or the end; EAGAIN; or what else reading says.
  #peek(fd: number): number {
    if (this.#ahead.has(fd)) return 0
    const { scratch, memory } = this.#vector(this.#scratch + BYTE, 1)
    const errno = this.#calls.fd_read(fd, scratch, 1, scratch + COUNT), isByte = errno === 0 && peek(memory, scratch + COUNT) !== 0
    if (errno === AGAIN || isByte) this.#met.add(fd)
    if (isByte) this.#ahead.set(fd, memory.u8[scratch + BYTE])
    return errno
  }

  #vector(at: Address, length: number): { scratch: Address, memory: Memory } {
    const scratch = this.#scratch, memory = this.#memory
    poke(memory, scratch + VECTOR, at)
    poke(memory, scratch + VECTOR + 4, length)
    return { scratch, memory }
  }

  #read([fd, vector, count, got]: readonly number[]): number {
    const byte = this.#ahead.get(fd)
    if (byte !== undefined) return this.#give(fd, byte, vector, count, got)
    const errno = this.#calls.fd_read(fd, vector, count, got)
    return errno === AGAIN && this.#blocks(fd) ? WAITS : errno
  }

  // The byte that was read ahead, and what of the same buffer can be read at once.
  #give(fd: number, byte: number, vector: Address, count: number, got: Address): number {
    const memory = this.#memory
    poke(memory, got, 0)
    for (let at = vector; at < vector + count * 8; at += 8) {
      const to = peek(memory, at) >>> 0, length = peek(memory, at + 4) >>> 0
      if (length === 0) continue
      memory.u8[to] = byte
      this.#ahead.delete(fd)
      const { scratch } = this.#vector(to + 1, length - 1)
      const more = length > 1 && this.#calls.fd_read(fd, scratch, 1, scratch + COUNT) === 0 ? peek(memory, scratch + COUNT) : 0
      poke(memory, got, 1 + more)
      break
    }
    return 0
  }

  // `skip`: so many bytes have been written before.
  #write([fd, vector, count, put, skip]: readonly number[]): number {
    const errno = skip === 0 ? this.#calls.fd_write(fd, vector, count, put) : this.#rest(fd, vector, count, put, skip)
    return errno === AGAIN && this.#blocks(fd) ? WAITS : errno
  }

  #rest(fd: number, vector: Address, count: number, put: Address, skip: number): number {
    let before = skip
    for (let at = vector; at < vector + count * 8; at += 8) {
      const length = peek(this.#memory, at + 4) >>> 0
      if (before >= length) before -= length
      else return this.#calls.fd_write(fd, this.#vector((peek(this.#memory, at) >>> 0) + before, length - before).scratch, 1, put)
    }
    poke(this.#memory, put, 0)
    return 0
  }

  #close(fd: number): number {
    const errno = this.#calls.fd_close(fd)
    if (errno === 0) this.#forget(fd)
    return errno
  }

  #forget(fd: number): void {
    this.#flags.delete(fd)
    this.#ahead.delete(fd)
    this.#met.delete(fd)
  }

  #renumber(from: number, to: number): number {
    const errno = this.#calls.fd_renumber(from, to)
    if (errno !== 0 || from === to) return errno
    const flags = this.#flags.get(from) ?? 0, byte = this.#ahead.get(from), met = this.#met.has(from)
    this.#forget(from)
    this.#forget(to)
    this.#flags.set(to, flags)
    if (byte !== undefined) this.#ahead.set(to, byte)
    if (met) this.#met.add(to)
    return 0
  }

  #stat(fd: number, at: Address): number {
    const errno = this.#calls.fd_fdstat_get(fd, at)
    if (errno === 0) new DataView(this.#memory.buffer).setUint16(at + 2, this.#flags.get(fd) ?? 0, true)
    return errno
  }

  #setFlags(fd: number, flags: number): number {
    const errno = this.#calls.fd_fdstat_set_flags(fd, flags | NONBLOCK)
    if (errno === 0) this.#flags.set(fd, flags)
    return errno
  }

  /** For each descriptor what it is ready for, bits of ready.ts; `wanted`: descriptor, bits, and so on. Looks for some milliseconds at most. */
  poll(wanted: readonly number[]): number[] {
    const bits: number[] = [], looks: Look[] = []
    for (let i = 0; i < wanted.length; i += 2) {
      const [fd, events] = [wanted[i], wanted[i + 1]], type = this.#typeOf(fd)
      if (type === -1) bits.push(NVAL)
      else if (type === REGULAR || type === DIRECTORY) bits.push(events & (IN | OUT))
      else bits.push(this.#special(fd, events, i / 2, looks))
    }
    if (looks.length !== 0) this.#look(looks.slice(0, MOST), bits)
    return bits
  }

  // What is seen at once; the rest is left to `looks`.
  #special(fd: number, events: number, place: number, looks: Look[]): number {
    const rights = BigInt(peek(this.#memory, this.#scratch + STAT + 8))
    if ((rights & WRITES) !== 0n && (events & OUT) !== 0) looks.push({ fd, place, type: WRITE })
    if ((rights & READS) === 0n) return 0
    const errno = this.#peek(fd)
    if (errno === AGAIN) return 0
    if (errno !== 0 || this.#ahead.has(fd)) return events & IN
    if (this.#met.has(fd)) return HUP
    looks.push({ fd, place, type: READ })
    return 0
  }

  #look(looks: readonly Look[], bits: number[]): void {
    const memory = this.#memory, from = this.#scratch + SUBSCRIPTIONS, events = this.#scratch + EVENTS
    let at = from
    const subscribe = (user: number, type: number, fd: number): void => {
      memory.u8.fill(0, at, at + SUBSCRIPTION)
      poke(memory, at, user)
      memory.u8[at + 8] = type
      poke(memory, at + 16, fd)
      at += SUBSCRIPTION
    }
    for (const { fd, place, type } of looks) subscribe(place, type, fd)
    subscribe(-1, CLOCK, 1)
    putLong(memory, at - SUBSCRIPTION + 24, LOOK)
    for (let tries = 0, found = false; tries < LOOKS && !found; tries++) {
      if (this.#calls.poll_oneoff(from, events, looks.length + 1, this.#scratch + COUNT) !== 0) {
        for (const { place, type } of looks) bits[place] |= type === WRITE ? OUT : 0       // the system cannot tell
        return
      }
      for (let e = events, end = events + peek(memory, this.#scratch + COUNT) * EVENT; e < end; e += EVENT) {
        const type = memory.u8[e + 10]
        if (type === CLOCK) continue
        found = true
        if ((memory.u8[e + 24] & 1) !== 0) bits[peek(memory, e)] |= HUP
        else if (type === WRITE) bits[peek(memory, e)] |= OUT
      }
    }
  }
}

interface Look { readonly fd: number, readonly place: number, readonly type: number }
