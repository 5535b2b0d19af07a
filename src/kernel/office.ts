// The spawner's part of the mail: what heaps have left for others, under keys. What is left, by whom it is fetched, and M1 to M4: mail.ts.
//
// state of a key                                                who leaves it, and to where
//   absent   nothing was left, or it is gone                    leave: HERE
//   HERE     a thing                                            fetch: absent, if it was left to be fetched once; LENT, if to be lent; HERE, if to be
//                                                               told.  drop: absent.  Its only reader's death: absent
//   LENT     a heap has it, others may wait                     leave, by that heap: LENT to who waits longest, else HERE.  Its death: LOST.  drop: FINAL
//   FINAL    a heap has it, nobody will fetch it again          leave, by that heap: absent.  Its death: absent
//   LOST     a heap died that had it                            drop: absent
//
// O1  A fetch is answered at once, but for what is LENT: that is answered when it is left again, or its heap dies.
// O2  What cannot be sent, for the heap that fetches it has died, stays if it is to be lent or told; else nobody else will fetch it: it is closed.
// O3  A line is no line any more before its last letters are read: what a dead heap has fetched is not sent there.
// O4  A drop that finds nothing is done again, once, in a later turn: the reaper, which holds locks, must not read other lines.

import { add } from '#atomics'
import { wake } from './futex.ts'
import type { Storage } from '../mem/memory.ts'
import { host, type Port } from './host.ts'
import type { Answer, Letter, Thing } from './mail.ts'
import { carrierRecord, kernel } from './process.ts'
import { Carrier } from './records.ts'

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

const NOBODY = 0

type State =
  | { name: 'HERE', thing: Thing, reader: number }
  | { name: 'LENT', to: number, waiting: number[] }
  | { name: 'FINAL', to: number }
  | { name: 'LOST' }

const LOST: State = { name: 'LOST' }

export class PostOffice {
  readonly #lines = new Map<number, Port>()
  readonly #keys = new Map<string, State>()
  readonly #dead = new Map<number, number>()           // the serial of the last heap of each number that has died
  readonly #spawner: Spawner

  constructor(spawner: Spawner) {
    this.#spawner = spawner
  }

  /** How many keys are not absent. */
  get size(): number {
    return this.#keys.size
  }

  /** Opens the line to `carrier`; `closed` is called when its heap is gone. */
  open(carrier: number, port: Port, closed: () => void): void {
    this.#lines.set(carrier, port)
    host.listen(port, letter => { this.#pass(letter as Letter) }, () => {
      if (this.#lines.get(carrier) === port) this.#lines.delete(carrier)   // reading a port after this crashes Node
      closed()
    })
  }

  /** The heap `serial` of `carrier` is gone: closes its line. */
  close(carrier: number, serial: number): void {
    const port = this.#lines.get(carrier)
    this.#lines.delete(carrier)                                           // O3
    if (port !== undefined) {
      this.#read(port)
      port.close()
    }
    this.#dead.set(carrier, serial)
    for (const [key, state] of this.#keys) this.#bury(key, state, carrier)
  }

  /** A line for the spawner itself. */
  counter(): Port {
    return { postMessage: letter => { this.#pass(letter as Letter) }, close: () => undefined }
  }

  #read(port: Port): void {
    for (let got = host.receive(port); got !== undefined; got = host.receive(port)) this.#pass(got.message as Letter)
  }

  #readAll(): void {
    for (const port of this.#lines.values()) this.#read(port)             // M2; also those that are opened meanwhile
  }

  #pass(letter: Letter): void {
    switch (letter.kind) {
      case 'leave': return this.#leave(letter)
      case 'fetch': return this.#fetch(letter.key, letter.to)
      case 'drop': return this.#drop(letter.key)
      case 'adopt': return this.open(letter.carrier, letter.port, this.#spawner.adopted(letter.carrier, letter.serial))
      case 'terminate': return this.#spawner.terminate(letter.slot, letter.serial)
      case 'memory': return this.#spawner.memory(letter.id, letter.storage)
      case 'renounce': return this.#spawner.forget(letter.id)
      case 'beat': return this.#spawner.beat(letter.id, letter.address, letter.ms)
    }
  }

  #leave({ key, thing, reader }: Letter & { kind: 'leave' }): void {
    const state = this.#keys.get(key)
    if (state?.name === 'FINAL' || (reader !== undefined && (this.#dead.get(reader.carrier) ?? -1) >= reader.serial)) return this.#end(key, thing)   // -> absent
    this.#keys.set(key, { name: 'HERE', thing, reader: reader?.carrier ?? NOBODY })           // absent, LENT -> HERE
    if (state?.name === 'LENT') for (const to of state.waiting) this.#fetch(key, to)
  }

  #fetch(key: string, to: number): void {
    if (!this.#keys.has(key)) this.#readAll()
    const state = this.#keys.get(key)
    if (state?.name === 'LENT') state.waiting.push(to)
    else if (state?.name === 'HERE') this.#hand(key, state.thing, to)
    else this.#send(to, { key, thing: undefined })
  }

  #hand(key: string, thing: Thing, to: number): void {
    if (!this.#send(to, { key, thing })) {
      if (thing.use === 'once') this.#end(key, thing)                     // O2: HERE -> absent
    } else if (thing.use === 'lend') {
      this.#keys.set(key, { name: 'LENT', to, waiting: [] })              // HERE -> LENT
    } else if (thing.use === 'once') this.#keys.delete(key)               // HERE -> absent
  }

  #drop(key: string, again = false): void {
    const state = this.#keys.get(key)
    if (state === undefined) {
      if (!again) host.nextTurn(() => {                                   // O4
        this.#readAll()
        this.#drop(key, true)
      })
    } else if (state.name === 'LENT') {
      this.#keys.set(key, { name: 'FINAL', to: state.to })                // LENT -> FINAL
    } else this.#end(key, state.name === 'HERE' ? state.thing : undefined)   // HERE, LOST -> absent
  }

  #end(key: string, thing?: Thing): void {
    this.#keys.delete(key)
    if (thing !== undefined && thing.use !== 'tell') thing.port.close()
  }

  // The heap of `carrier` has died.
  #bury(key: string, state: State, carrier: number): void {
    if (state.name === 'HERE' && state.reader === carrier) return this.#end(key, state.thing)   // HERE -> absent
    if (state.name === 'FINAL' && state.to === carrier) return this.#end(key)                 // FINAL -> absent
    if (state.name !== 'LENT' || state.to !== carrier) return
    this.#keys.set(key, LOST)                                             // LENT -> LOST
    for (const to of state.waiting) this.#fetch(key, to)
  }

  #send(to: number, answer: Answer): boolean {
    const line = this.#lines.get(to), { thing } = answer
    if (line === undefined) return false
    line.postMessage(answer, thing === undefined || thing.use === 'tell' ? [] : [thing.port])
    const word = carrierRecord(to) + Carrier.mail
    add(kernel, word, 1)                                                  // M3
    this.#spawner.eventually(() => { wake(kernel, word, Infinity) })
    return true
  }
}
