// Mail: what cannot be written as bytes into shared memory (other SharedArrayBuffers, buffers and ports that move, compiled modules) travels
// between two heaps by MessagePort, beside the bytes.
//
// Every heap has a line to the spawner, from birth, and to nobody else; and it may be blocked.  So no heap asks another one: it LEAVES what it has
// for others with the spawner (office.ts), under a key; who needs it FETCHES it and waits; who finds that nobody will DROPS it.
//
// key                            what is left there                                                who fetches it
//   result SLOT SERIAL           a port that holds one letter                                      one heap; which, nobody knows before
//   link N SERIAL to N SERIAL    a port: all letters from one heap to another, in order            that other heap, at the first of them
//   buffer ID                    a port that holds a shared buffer (pthread/buffers.ts)            any heap, which leaves it again at once
//   memory ID                    a memory of the process, and what belongs to it                   any heap; it stays there
//
// M1  A thing is left before shared memory says that it is there. So whoever fetches or drops it knows that it was left.
// M2  The letters of one line are read in order; two lines have none. But what was left is in its line when postMessage returns, and a line is read to
//     its end when its heap dies.  So if the spawner does not find a thing it reads all lines first; if it is not there then, it is lost: the heap died
//     that had it.  Hence each fetch is answered, and nothing is remembered of what is not there.
// M3  The spawner posts an answer, then counts up the `mail` word of that heap's record, then wakes.  The heap reads the word, then its line, and
//     sleeps while the word is what it has read: no wakeup is lost.  It fetches one thing at a time.
// M4  Each port is closed, and with it what nobody has read: by who has read the letter in it; by the spawner if it is dropped, if whom it is for is
//     dead, or dies.  Of a link each end goes with its heap, or when the number of the other one has a new heap that writes, or is written to.
//
// Letters on a link have numbers: the thread whose arguments they are, > 0, or one that the sender has told the receiver, < 0.
//
// Rejected: results on links (who joins is not known when a thread ends); links that the spawner passes on unasked (a second way to get a
// thing, and a link to a heap that never looks had no owner); lists of what was fetched or dropped before it was left (what its heap did not live to
// leave stayed in them for ever, and who fetched it waited); one port for each letter of a link (two messages more, and a wait for each).

import { load, peek } from '#atomics'
import { arrived } from './arrivals.ts'
import type { Storage } from '../mem/memory.ts'
import { channel, host, type Port } from './host.ts'
import { carrierRecord, kernel, self } from './process.ts'
import { Carrier } from './records.ts'
import { block, wait, type Sleeper } from './request.ts'
import { wmesg } from './wmesg.ts'

/** A memory, unless it is one heap's own, and what was said of it when it was added. Neither: it was removed. */
export interface Told { storage: Storage | undefined, about: unknown }

/** What is left under a key: fetched once; fetched, and left again; or told to all who ask. */
export type Thing = { use: 'once', port: Port } | { use: 'lend', port: Port } | { use: 'tell', told: Told }

/** What a heap writes on its line. `reader`: the only one that may fetch it. */
export type Letter =
  | { kind: 'leave', key: string, thing: Thing, reader?: { carrier: number, serial: number } }
  | { kind: 'fetch', key: string, to: number }
  | { kind: 'drop', key: string }
  | { kind: 'adopt', carrier: number, serial: number, port: Port }
  | { kind: 'terminate', slot: number, serial: number }
  | { kind: 'memory', id: number, storage: Storage }
  | { kind: 'renounce', id: number }
  | { kind: 'beat', id: number, address: number, ms: number }

/** What the spawner writes on it. No thing: it is lost. */
export interface Answer { key: string, thing: Thing | undefined }

let line: Port

/** Installs this heap's line to the spawner. */
export function installLine(port: Port): void {
  line = port
}

function send(letter: Letter, port?: Port): void {
  line.postMessage(letter, port === undefined ? [] : [port])
}

function leave(key: string, use: 'once' | 'lend', value: unknown, transfer: readonly object[] = []): void {
  const [port1, port2] = channel()
  try {
    port1.postMessage(value, transfer)
    send({ kind: 'leave', key, thing: { use, port: port2 } }, port2)
  } finally {
    port1.close()                                                         // what it holds stays there
  }
}

function* fetch(key: string): Sleeper<Thing | undefined> {
  const word = carrierRecord(self.carrier) + Carrier.mail
  send({ kind: 'fetch', key, to: self.carrier })
  for (;;) {
    const seen = load(kernel, word)
    for (let got = host.receive(line); got !== undefined; got = host.receive(line)) {
      const answer = got.message as Answer
      if (answer.key === key) return answer.thing                        // M3
    }
    yield wait(kernel, word, seen, wmesg.mail)
  }
}

function portAt(key: string): Port | undefined {
  const thing = block(fetch(key))
  return thing === undefined || thing.use === 'tell' ? undefined : thing.port
}

// The only letter in the port under `key`.
function letterAt(key: string): { message: unknown } | undefined {
  const port = portAt(key)
  const got = port === undefined ? undefined : host.receive(port)
  port?.close()
  return got
}

const serialOf = (carrier: number): number => peek(kernel, carrierRecord(carrier) + Carrier.serial)

// Results -------------------------------------------------------------------------------------------------------

const resultOf = (slot: number, serial: number): string => `result ${slot} ${serial}`

/** Leaves `values` as part of the result of thread `slot`, or of what else has that number and serial; what is in `transfer` moves. */
export function deposit(slot: number, serial: number, values: unknown[], transfer: readonly object[]): void {
  leave(resultOf(slot, serial), 'once', values, transfer)
}

/** Takes what thread `slot` left. Blocks until it is there. */
export function collect(slot: number, serial: number): unknown[] {
  const got = letterAt(resultOf(slot, serial))
  if (got === undefined) throw new Error(`mail: part of the result of slot ${slot} was lost`)
  return arrived(got.message as unknown[])
}

/** Nobody will take what thread `slot` left. */
export function discard(slot: number, serial: number): void {
  send({ kind: 'drop', key: resultOf(slot, serial) })
}

// Links ---------------------------------------------------------------------------------------------------------

interface Link { readonly serial: number, readonly port: Port }
/** `passed`: letters that were read before it was their turn. `before`: the link from the last heap that had the number; all of it is read. */
interface Incoming extends Link { readonly passed: Map<number, unknown[]>, before: Incoming | undefined }

const outgoing = new Map<number, Link>()
const incoming = new Map<number, Incoming>()

const linkOf = (from: number, fromSerial: number, to: number, toSerial: number): string => `link ${from} ${fromSerial} to ${to} ${toSerial}`

function linkTo(to: number): Link {
  const before = outgoing.get(to), serial = serialOf(to)
  if (before?.serial === serial) return before
  before?.port.close()
  const [port1, port2] = channel(), link = { serial, port: port1 }
  outgoing.set(to, link)
  const key = linkOf(self.carrier, serialOf(self.carrier), to, serial)
  send({ kind: 'leave', key, thing: { use: 'once', port: port2 }, reader: { carrier: to, serial } }, port2)
  return link
}

let letters = 0

/** A number for a letter that is not a thread's arguments. */
export function letterNumber(): number {
  letters = letters % (2 ** 30) + 1
  return -letters
}

/** Sends `values` to the heap of `carrier`, as letter `number`; what is in `transfer` moves. */
export function post(carrier: number, number: number, values: unknown[], transfer: readonly object[]): void {
  linkTo(carrier).port.postMessage({ number, values }, transfer)
}

/**
 * Takes letter `number` from the heap `serial` of `carrier`. Blocks until the link is there. `inOrder`: letters before it were for nobody who is
 * still to come; else they wait.
 */
export function take(carrier: number, serial: number, number: number, inOrder: boolean): unknown[] {
  const link = linkFrom(carrier, serial), passed = link?.passed.get(number)
  if (link?.passed.delete(number)) return passed!
  const port = link === incoming.get(carrier) ? link?.port : undefined    // of the others all is read
  for (let got = read(port); got !== undefined; got = read(port)) {
    if (got.number === number) return got.values
    if (inOrder) drop(got.values)
    else link!.passed.set(got.number, got.values)
  }
  throw new Error(`mail: letter ${number} of carrier ${carrier} was lost`)
}

/** Nobody wants `values`, which have arrived: ports among them are closed. */
export function drop(values: readonly unknown[]): void {
  for (const value of values) if (value instanceof MessagePort) value.close()
}

interface Numbered { number: number, values: unknown[] }

function read(port: Port | undefined): Numbered | undefined {
  const got = port === undefined ? undefined : host.receive(port) as { message: Numbered } | undefined
  if (got !== undefined) arrived(got.message.values)
  return got?.message
}

function linkFrom(from: number, serial: number): Incoming | undefined {
  const newest = incoming.get(from)
  for (let link = newest; link !== undefined; link = link.before) if (link.serial === serial) return link
  const port = portAt(linkOf(from, serial, self.carrier, serialOf(self.carrier)))
  if (port === undefined) return undefined
  const link: Incoming = { serial, port, passed: new Map(), before: undefined }
  const [newer, older] = newest === undefined || newest.serial < serial ? [link, newest] : [newest, link]
  if (older !== undefined) finish(older)                                  // whoever wrote it is dead, else the number were not another's
  newer.before = older
  incoming.set(from, newer)
  return link
}

function finish(link: Incoming): void {
  for (let got = read(link.port); got !== undefined; got = read(link.port)) link.passed.set(got.number, got.values)
  link.port.close()
  link.before = undefined
}

// Shared buffers ------------------------------------------------------------------------------------------------

const bufferOf = (id: number): string => `buffer ${id}`

/** Leaves `buffer`, which has the number `id`, in a port: the spawner, which does not read it, would not collect it for a long time. */
export function lend(id: number, buffer: SharedArrayBuffer): void {
  leave(bufferOf(id), 'lend', buffer)
}

/** The buffer with the number `id`, which the caller's message holds; undefined: it is lost. Blocks until it is there. */
export function borrow(id: number): SharedArrayBuffer | undefined {
  const got = letterAt(bufferOf(id))
  if (got === undefined) return undefined
  const buffer = got.message as SharedArrayBuffer
  lend(id, buffer)
  return buffer
}

/** Nobody has the number `id` any more. */
export function forget(id: number): void {
  send({ kind: 'drop', key: bufferOf(id) })
}

// Memories ------------------------------------------------------------------------------------------------------

const memoryOf = (id: number): string => `memory ${id}`

/** Tells the spawner of a memory that this heap will use; who adds it may say something of it. */
export function announce(id: number, storage: Storage | undefined, about?: unknown): void {
  if (storage !== undefined) send({ kind: 'memory', id, storage })
  if (about !== undefined) send({ kind: 'leave', key: memoryOf(id), thing: { use: 'tell', told: { storage, about } } })
}

/** Tells the spawner that nobody uses the memory `id` any more. */
export function renounce(id: number): void {
  send({ kind: 'drop', key: memoryOf(id) })
  send({ kind: 'renounce', id })
}

/** The memory `id`, as the heap that added it told the spawner. Blocks until the answer is there: only for ids that were added. */
export function ask(id: number): Told {
  const thing = block(fetch(memoryOf(id)))
  return thing?.use === 'tell' ? thing.told : { storage: undefined, about: undefined }
}

// What only the spawner can do ----------------------------------------------------------------------------------

/** Asks the spawner to count up the word at `address` of memory `id`, which was announced, every `ms`, as long as it knows the memory. */
export function requestBeat(id: number, address: number, ms: number): void {
  send({ kind: 'beat', id, address, ms })
}

/** Tells the spawner of a Worker that this heap started as carrier `n`; returns the Worker's line. */
export function adopt(n: number): Port {
  const [port1, port2] = channel()
  send({ kind: 'adopt', carrier: n, serial: serialOf(n), port: port1 }, port1)
  return port2
}

/** Asks the spawner to end the Worker that runs thread `slot`, by force. */
export function requestTermination(slot: number, serial: number): void {
  send({ kind: 'terminate', slot, serial })
}
