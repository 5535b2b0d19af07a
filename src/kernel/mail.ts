// Mail: what cannot be written as bytes into shared memory (other SharedArrayBuffers, transferred buffers and
// ports, compiled modules) travels between two heaps by MessagePort, beside the bytes.
//
// Every heap has a line to the spawner, from birth.  The spawner never reads what is mailed; it passes ports on:
//   link      from one heap to another, made at the first need and kept: arguments travel on it, in order
//   deposit   a port that holds one result, kept by the spawner until somebody collects it: who will join is
//             not known when a thread ends
//   memory    one more memory of the process, and whatever belongs to it: kept by the spawner for heaps that ask which it is
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
  | { kind: 'memory', id: number, storage: Storage, about?: unknown }
  | { kind: 'which', id: number, to: number }

/** A memory, and what was said of it when it was added. */
export interface Told { storage: Storage, about: unknown }

let line: Port
const outgoing = new Map<number, { serial: number, port: Port }>()
const incoming = new Map<number, { serial: number, port: Port }>()
const collected = new Map<string, Port>()
const told = new Map<number, Told>()
const early = new Map<string, unknown[]>()             // for fibers that have not begun

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
    if (got.message.tid === tid) return got.message.extras
    if (self.fiber) early.set(`${carrier}/${serial}/${got.message.tid}`, got.message.extras)   // fibers begin in any order; else: for a thread that never began
  }
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
  return got.message as unknown[]
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
export function announce(id: number, storage: Storage, about?: unknown): void {
  const letter: Letter = about === undefined ? { kind: 'memory', id, storage } : { kind: 'memory', id, storage, about }
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

function* arrival<T>(found: () => T | undefined): Sleeper<T> {
  const word = carrierRecord(self.carrier) + Carrier.mail
  for (;;) {
    const seen = load(kernel, word)
    for (let got = host.receive(line); got !== undefined; got = host.receive(line)) {
      const letter = got.message as Letter
      if (letter.kind === 'link') incoming.set(letter.from, letter)
      else if (letter.kind === 'deposit') collected.set(`${letter.slot}/${letter.serial}`, letter.port)
      else if (letter.kind === 'memory') told.set(letter.id, { storage: letter.storage, about: letter.about })
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
  }

  /** A line for the spawner itself. */
  counter(): Port {
    return { postMessage: letter => { this.#pass(letter as Letter) }, close: () => undefined }
  }

  #pass(letter: Letter): void {
    if (letter.kind === 'link') return this.#deliver(letter.to, letter)
    if (letter.kind === 'memory') return this.#learn(letter)
    if (letter.kind === 'which') return this.#answer(letter.id, letter.to)
    if (letter.kind === 'terminate') return this.#spawner.terminate(letter.slot, letter.serial)
    if (letter.kind === 'adopt') return this.open(letter.carrier, letter.port, this.#spawner.adopted(letter.carrier, letter.serial))
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
    this.#spawner.memory(id, storage)
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
    const out = this.#lines.get(to)
    const port = 'port' in letter ? [letter.port] : []
    if (out === undefined) return port.forEach((p) => { p.close() })      // its heap died; so will who waits for it
    out.postMessage(letter, port)
    const word = carrierRecord(to) + Carrier.mail
    add(kernel, word, 1)
    this.#spawner.eventually(() => { wake(kernel, word, Infinity) })
  }
}
