// Mail: what cannot be written as bytes into shared memory (other SharedArrayBuffers, transferred buffers and
// ports, compiled modules) travels between two heaps by MessagePort, beside the bytes.
//
// Every heap has a line to the spawner, from birth.  The spawner never reads what is mailed; it passes ports on:
//   link      from one heap to another, made at the first need and kept: arguments travel on it, in order
//   deposit   a port that holds one result, kept by the spawner until somebody collects it: who will join is
//             not known when a thread ends
//   memory    one more memory of the process, and whatever belongs to it: kept by the spawner for heaps that ask which it is
//   lend      a port that holds a shared buffer, by its number (pthread/buffers.ts): kept by the spawner, which does not read it, for its heap would
//             not collect it for a long time.  Who borrows it lends it again at once; if it dies in between, the buffer is lost
//   beat      a word that the spawner counts up every so many ms, for as long as it knows the memory
// A heap reads its line without an event loop; after each message for a heap the spawner counts up the `mail`
// word in its record and wakes it.

import { add, load, peek } from '#atomics'
import { wake } from './futex.ts'
import type { Storage } from '../mem/memory.ts'
import { channel, host, type Port } from './host.ts'
import { carrierRecord, kernel, self } from './process.ts'
import { Carrier } from './records.ts'
import { block, wait, type Sleeper } from './request.ts'
import { wmesg } from './wmesg.ts'

/** What goes over a line, in both directions. */
type Letter =
  | { kind: 'link', to: number, from: number, serial: number, port: Port }
  | { kind: 'deposit', slot: number, serial: number, port: Port }
  | { kind: 'collect', slot: number, serial: number, to: number }
  | { kind: 'discard', slot: number, serial: number }
  | { kind: 'adopt', carrier: number, serial: number, port: Port }
  | { kind: 'terminate', slot: number, serial: number }
  | { kind: 'memory', id: number, storage: Storage | undefined, about?: unknown }
  | { kind: 'which', id: number, to: number }
  | { kind: 'beat', id: number, address: number, ms: number }
  | { kind: 'renounce', id: number }
  | { kind: 'lend', id: number, port: Port }
  | { kind: 'lost', id: number }
  | { kind: 'borrow', id: number, to: number }
  | { kind: 'forget', id: number }

/** A memory, unless it is one heap's own, and what was said of it when it was added. Neither: it was removed. */
export interface Told { storage: Storage | undefined, about: unknown }
const NOTHING: Told = { storage: undefined, about: undefined }

let line: Port
const outgoing = new Map<number, { serial: number, port: Port }>()
const incoming = new Map<number, { serial: number, port: Port }>()
const collected = new Map<string, Port>()
const told = new Map<number, Told>()
const early = new Map<string, unknown[]>()             // for fibers that have not begun
const borrowed = new Map<number, Port | null>()        // null: it is lost

/** Installs this heap's line to the spawner. */
export function installLine(port: Port): void {
  line = port
}

const serialOf = (carrier: number): number => peek(kernel, carrierRecord(carrier) + Carrier.serial)

/** Sends `extras` to the heap of `carrier`, for thread `tid`; what is in `transfer` moves. */
export function post(carrier: number, tid: number, extras: unknown[], transfer: readonly object[]): void {
  const serial = serialOf(carrier)
  let link = outgoing.get(carrier)
  if (link === undefined || link.serial !== serial) {
    const [port1, port2] = channel()
    link = { serial, port: port1 }
    outgoing.set(carrier, link)
    const letter: Letter = { kind: 'link', to: carrier, from: self.carrier, serial: serialOf(self.carrier), port: port2 }
    line.postMessage(letter, [port2])
  }
  link.port.postMessage({ tid, extras }, transfer)
}

/** Takes what `carrier` sent for thread `tid`. Blocks until it is there. */
export function take(carrier: number, serial: number, tid: number): unknown[] {
  const key = `${carrier}/${serial}/${tid}`
  const before = early.get(key)
  if (early.delete(key)) return before!
  const port = block(arrival(() => {
    const link = incoming.get(carrier)
    return link?.serial === serial ? link.port : undefined
  }))
  for (;;) {
    const got = host.receive(port) as { message: { tid: number, extras: unknown[] } } | undefined
    if (got === undefined) throw new Error(`mail: nothing from carrier ${carrier} for thread ${tid}`)
    if (got.message.tid === tid) return arrived(got.message.extras)
    if (self.fiber) early.set(`${carrier}/${serial}/${got.message.tid}`, got.message.extras)   // fibers begin in any order; else: for a thread that never began
  }
}

let arrivedBytes = 0

// V8 looks whether there are young buffers enough to be worth a collection of the young, 32 MB, when a buffer is made, and not when one arrives: a heap
// that only receives would come to 64 MB of them, and then mark all that it has. So one is made now and then. Newer versions, of Node 24, look at 64 MB.
function arrived(extras: unknown[]): unknown[] {
  for (const extra of extras) if (extra instanceof ArrayBuffer) arrivedBytes += extra.byteLength
  if (arrivedBytes >= 2 ** 24) {
    arrivedBytes = 0
    void new ArrayBuffer(1)
  }
  return extras
}

/** Leaves `extras` with the spawner, as part of the result of thread `slot`. */
export function deposit(slot: number, serial: number, extras: unknown[], transfer: readonly object[]): void {
  const [port1, port2] = channel()
  port1.postMessage(extras, transfer)
  const letter: Letter = { kind: 'deposit', slot, serial, port: port2 }
  line.postMessage(letter, [port2])
}

/** Takes what thread `slot` left. Blocks until it is there. */
export function collect(slot: number, serial: number): unknown[] {
  const letter: Letter = { kind: 'collect', slot, serial, to: self.carrier }
  line.postMessage(letter)
  const key = `${slot}/${serial}`
  const port = block(arrival(() => collected.get(key)))
  collected.delete(key)
  const got = host.receive(port)
  port.close()
  if (got === undefined) throw new Error(`mail: the result of slot ${slot} is empty`)
  return arrived(got.message as unknown[])
}

/** Gives up what thread `slot` left. */
export function discard(slot: number, serial: number): void {
  const letter: Letter = { kind: 'discard', slot, serial }
  line.postMessage(letter)
}

/** Tells the spawner of a Worker that this heap started as carrier `n`; returns the Worker's line. */
export function adopt(n: number): Port {
  const [port1, port2] = channel()
  const letter: Letter = { kind: 'adopt', carrier: n, serial: serialOf(n), port: port1 }
  line.postMessage(letter, [port1])
  return port2
}

/** Asks the spawner to end the Worker that runs thread `slot`, by force. */
export function requestTermination(slot: number, serial: number): void {
  const letter: Letter = { kind: 'terminate', slot, serial }
  line.postMessage(letter)
}

/** Tells the spawner of a memory that this heap will use; who adds it may say something of it. */
export function announce(id: number, storage: Storage | undefined, about?: unknown): void {
  const letter: Letter = about === undefined ? { kind: 'memory', id, storage } : { kind: 'memory', id, storage, about }
  line.postMessage(letter)
}

/** Asks the spawner to count up the word at `address` of memory `id`, which was announced, every `ms`. */
export function requestBeat(id: number, address: number, ms: number): void {
  const letter: Letter = { kind: 'beat', id, address, ms }
  line.postMessage(letter)
}

/** Tells the spawner that nobody uses the memory `id` any more. */
export function renounce(id: number): void {
  const letter: Letter = { kind: 'renounce', id }
  line.postMessage(letter)
}

/** The memory `id`, as the heap that added it told the spawner. Blocks until the answer is there: only for ids that were added. */
export function ask(id: number): Told {
  const letter: Letter = { kind: 'which', id, to: self.carrier }
  line.postMessage(letter)
  const answer = block(arrival(() => told.get(id)))
  told.delete(id)
  return answer
}

/** Leaves `buffer`, which has the number `id`, with the spawner. */
export function lend(id: number, buffer: SharedArrayBuffer): void {
  const [port1, port2] = channel()
  port1.postMessage(buffer)
  const letter: Letter = { kind: 'lend', id, port: port2 }
  line.postMessage(letter, [port2])
}

/** The buffer with the number `id`, which the caller's message holds; undefined: it is lost. Blocks until it is there. */
export function borrow(id: number): SharedArrayBuffer | undefined {
  const letter: Letter = { kind: 'borrow', id, to: self.carrier }
  line.postMessage(letter)
  const port = block(arrival(() => borrowed.get(id)))
  borrowed.delete(id)
  if (port === null) return undefined
  const buffer = host.receive(port)!.message as SharedArrayBuffer
  lend(id, buffer)
  port.close()
  return buffer
}

/** Nobody has the number `id` any more. */
export function forget(id: number): void {
  const letter: Letter = { kind: 'forget', id }
  line.postMessage(letter)
}

function* arrival<T>(found: () => T | undefined): Sleeper<T> {
  const word = carrierRecord(self.carrier) + Carrier.mail
  for (;;) {
    const seen = load(kernel, word)
    for (let got = host.receive(line); got !== undefined; got = host.receive(line)) {
      const letter = got.message as Letter
      if (letter.kind === 'link') incoming.set(letter.from, letter)
      else if (letter.kind === 'deposit') collected.set(`${letter.slot}/${letter.serial}`, letter.port)
      else if (letter.kind === 'memory') told.set(letter.id, { storage: letter.storage, about: letter.about })
      else if (letter.kind === 'lend') borrowed.set(letter.id, letter.port)
      else if (letter.kind === 'lost') borrowed.set(letter.id, null)
    }
    const thing = found()
    if (thing !== undefined) return thing
    yield wait(kernel, word, seen, wmesg.mail)
  }
}

const NOBODY = 0

/** What the post office asks of the spawner. */
interface Spawner {
  /** Ends the Worker that runs a thread. */
  terminate(slot: number, serial: number): void
  /** Called for each memory that a heap uses. */
  memory(id: number, storage: Storage): void
  /** Counts up a word from now on. */
  beat(id: number, address: number, ms: number): void
  /** Called for each memory that no heap uses any more. */
  forget(id: number): void
  /** Called for a Worker of a factory; returns what to do when it is gone. */
  adopted(carrier: number, serial: number): () => void
  /** Does something that may find a lock held. */
  eventually(step: () => void): void
}

/** The spawner's part: passes letters on between lines. */
export class PostOffice {
  #lines = new Map<number, Port>()
  #deposits = new Map<string, Port>()
  #told = new Map<number, Told>()
  #asked = new Map<number, number[]>()                 // which came before memory
  #wanted = new Map<string, number>()                  // collect came before deposit: two lines have no common order
  readonly #library = new Library((to, letter) => this.#send(to, letter))

  readonly #spawner: Spawner

  constructor(spawner: Spawner) {
    this.#spawner = spawner
  }

  /** Opens the line to `carrier`; `closed` is called when its heap is gone. */
  open(carrier: number, port: Port, closed: () => void): void {
    this.#lines.set(carrier, port)
    host.listen(port, letter => this.#pass(letter as Letter), () => {
      if (this.#lines.get(carrier) === port) this.#lines.delete(carrier)   // reading a port after this crashes Node
      closed()
    })
  }

  /** Closes the line to a heap that is gone. */
  close(carrier: number): void {
    const port = this.#lines.get(carrier)
    if (port === undefined) return
    for (let got = host.receive(port); got !== undefined; got = host.receive(port)) this.#pass(got.message as Letter)   // sent before it died
    port.close()
    this.#lines.delete(carrier)
    this.#library.died(carrier)
  }

  /** A line for the spawner itself. */
  counter(): Port {
    return { postMessage: letter => { this.#pass(letter as Letter) }, close: () => undefined }
  }

  #pass(letter: Letter): void {
    if (letter.kind === 'link') return this.#deliver(letter.to, letter)
    if (letter.kind === 'memory') return this.#learn(letter)
    if (letter.kind === 'which') return this.#answer(letter.id, letter.to)
    if (letter.kind === 'beat') return this.#spawner.beat(letter.id, letter.address, letter.ms)
    if (letter.kind === 'renounce') {
      this.#told.set(letter.id, NOTHING)
      return this.#spawner.forget(letter.id)
    }
    if (letter.kind === 'terminate') return this.#spawner.terminate(letter.slot, letter.serial)
    if (letter.kind === 'adopt') return this.open(letter.carrier, letter.port, this.#spawner.adopted(letter.carrier, letter.serial))
    if (letter.kind === 'lend') return this.#library.lend(letter.id, letter.port)
    if (letter.kind === 'borrow') return this.#library.borrow(letter.id, letter.to)
    if (letter.kind === 'forget') return this.#library.forget(letter.id)
    if (letter.kind === 'lost') return
    const key = `${letter.slot}/${letter.serial}`
    if (letter.kind === 'deposit') {
      const to = this.#wanted.get(key)
      this.#wanted.delete(key)
      if (to === undefined) this.#deposits.set(key, letter.port)
      else if (to === NOBODY) letter.port.close()
      else this.#deliver(to, letter)
      return
    }
    const port = this.#deposits.get(key)
    this.#deposits.delete(key)
    const to = letter.kind === 'discard' ? NOBODY : letter.to
    if (port === undefined) this.#wanted.set(key, to)
    else if (to === NOBODY) port.close()
    else this.#deliver(to, { kind: 'deposit', slot: letter.slot, serial: letter.serial, port })
  }

  #learn({ id, storage, about }: Letter & { kind: 'memory' }): void {
    if (storage !== undefined) this.#spawner.memory(id, storage)
    if (about === undefined) return
    this.#told.set(id, { storage, about })
    for (const to of this.#asked.get(id) ?? []) this.#answer(id, to)
    this.#asked.delete(id)
  }

  #answer(id: number, to: number): void {
    const known = this.#told.get(id)
    if (known === undefined) this.#asked.set(id, [...this.#asked.get(id) ?? [], to])
    else this.#deliver(to, { kind: 'memory', id, ...known })
  }

  #deliver(to: number, letter: Letter): void {
    if (!this.#send(to, letter) && 'port' in letter) letter.port.close()  // its heap died; so will who waits for it
  }

  #send(to: number, letter: Letter): boolean {
    const out = this.#lines.get(to)
    if (out === undefined) return false
    out.postMessage(letter, 'port' in letter ? [letter.port] : [])
    const word = carrierRecord(to) + Carrier.mail
    add(kernel, word, 1)
    this.#spawner.eventually(() => { wake(kernel, word, Infinity) })
    return true
  }
}

// The buffers that the spawner keeps. Lines have no common order: to borrow and to forget may come before to lend.
class Library {
  readonly #here = new Map<number, Port>()
  readonly #out = new Map<number, number>()            // who has borrowed it, and not yet lent it again
  readonly #wanted = new Map<number, number[]>()
  readonly #lost = new Set<number>()
  readonly #forgotten = new Set<number>()
  readonly #send: (to: number, letter: Letter) => boolean

  constructor(send: (to: number, letter: Letter) => boolean) {
    this.#send = send
  }

  lend(id: number, port: Port): void {
    this.#out.delete(id)
    if (this.#forgotten.delete(id)) return port.close()
    const wanted = this.#wanted.get(id) ?? []
    this.#here.set(id, port)
    while (wanted.length > 0 && this.#here.has(id)) this.borrow(id, wanted.shift()!)
    if (wanted.length === 0) this.#wanted.delete(id)
  }

  borrow(id: number, to: number): void {
    const port = this.#here.get(id)
    if (this.#lost.has(id)) {
      this.#send(to, { kind: 'lost', id })
    } else if (port === undefined) {
      const wanted = this.#wanted.get(id)
      if (wanted === undefined) this.#wanted.set(id, [to])
      else wanted.push(to)
    } else if (this.#send(to, { kind: 'lend', id, port })) {
      this.#here.delete(id)
      this.#out.set(id, to)
    }
  }

  forget(id: number): void {
    const port = this.#here.get(id)
    port?.close()
    this.#here.delete(id)
    if (!this.#lost.delete(id) && port === undefined) this.#forgotten.add(id)
  }

  died(carrier: number): void {
    for (const [id, to] of this.#out) {
      if (to !== carrier) continue
      this.#out.delete(id)
      if (this.#forgotten.delete(id)) continue
      this.#lost.add(id)
      for (const each of this.#wanted.get(id) ?? []) this.#send(each, { kind: 'lost', id })
      this.#wanted.delete(id)
    }
  }
}
