// A table of keys: what the commands need of it, and the one that belongs to a single thread, which needs no lock.
//
// A key that is past its deadline is not there, whoever looks (lazy expiry), and is thrown away soon after (`sweep`, which the owner calls
// now and then), so that what nobody asks for takes no memory. Times are milliseconds since 1970, and are always given.

import { KEY_COST, type Budget } from './budget.ts'
import type { Arg } from './parser.ts'

/** What the commands need of a table. Between `enter` and `leave` nobody else changes it. */
export interface Store {
  /** Begins a command. */
  enter(): void
  /** Ends it. */
  leave(): void
  get(key: string, now: number): Arg | undefined
  /** Sets it for ever, or until `deadline`. False if there is no memory left. */
  set(key: string, value: Arg, deadline: number, now: number): boolean
  delete(key: string, now: number): boolean
  /** When the key ends: Infinity if it does not; undefined if it is not there. */
  deadline(key: string, now: number): number | undefined
  /** Gives it another end. False if it is not there. */
  expireAt(key: string, deadline: number, now: number): boolean
  clear(): void
  /** Throws away keys that are past their deadline: looks at some, and at more as long as a quarter of them was. */
  sweep(now: number): void
  readonly figures: Figures
}

/** What INFO says of a table. */
export interface Figures {
  readonly keys: number
  /** Keys with a deadline. */
  readonly expires: number
  /** Keys thrown away because they were past it. */
  readonly expired: number
  readonly bytes: number
}

/** How many keys `sweep` looks at at once. */
export const GLANCE = 20

interface Entry { value: Arg, deadline: number }

/** The table of one thread. */
export class OwnStore implements Store {
  readonly #entries = new Map<string, Entry>()
  /** Those with a deadline. */
  readonly #mortal = new Map<string, Entry>()
  readonly #budget: Budget
  #cursor = this.#mortal.entries()
  #expired = 0
  #bytes = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  enter(): void { /* its thread runs one thing at a time */ }

  leave(): void { /* see enter */ }

  get(key: string, now: number): Arg | undefined {
    return this.#alive(key, now)?.value
  }

  set(key: string, value: Arg, deadline: number, now: number): boolean {
    const entry = this.#alive(key, now)
    const more = entry === undefined ? costOf(key, value) : value.length - entry.value.length
    if (more > 0 && !this.#budget.take(more)) return false
    if (more < 0) this.#budget.give(-more)
    this.#bytes += more
    if (entry === undefined) {
      const made = { value, deadline }
      this.#entries.set(key, made)
      if (deadline !== Infinity) this.#mortal.set(key, made)
    } else {
      entry.value = value
      this.#end(key, entry, deadline)
    }
    return true
  }

  delete(key: string, now: number): boolean {
    const entry = this.#alive(key, now)
    if (entry !== undefined) this.#remove(key, entry)
    return entry !== undefined
  }

  deadline(key: string, now: number): number | undefined {
    return this.#alive(key, now)?.deadline
  }

  expireAt(key: string, deadline: number, now: number): boolean {
    const entry = this.#alive(key, now)
    if (entry !== undefined) this.#end(key, entry, deadline)
    return entry !== undefined
  }

  clear(): void {
    this.#entries.clear()
    this.#mortal.clear()
    this.#budget.give(this.#bytes)
    this.#bytes = 0
  }

  sweep(now: number): void {
    for (let gone = GLANCE, rounds = 0; gone * 4 > GLANCE && rounds < 1000; rounds++) {
      gone = 0
      for (let looked = 0; looked < GLANCE && this.#mortal.size > 0; looked++) {
        let next = this.#cursor.next()
        if (next.done === true) {                                          // from the beginning again
          this.#cursor = this.#mortal.entries()
          next = this.#cursor.next()
        }
        const [key, entry] = next.value!
        if (entry.deadline > now) continue
        this.#expire(key, entry)
        gone++
      }
    }
  }

  get figures(): Figures {
    return { keys: this.#entries.size, expires: this.#mortal.size, expired: this.#expired, bytes: this.#bytes }
  }

  #alive(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.deadline > now) return entry
    this.#expire(key, entry)
    return undefined
  }

  #expire(key: string, entry: Entry): void {
    this.#remove(key, entry)
    this.#expired++
  }

  #remove(key: string, { value, deadline }: Entry): void {
    this.#entries.delete(key)
    if (deadline !== Infinity) this.#mortal.delete(key)
    const bytes = costOf(key, value)
    this.#budget.give(bytes)
    this.#bytes -= bytes
  }

  #end(key: string, entry: Entry, deadline: number): void {
    if (deadline !== Infinity && entry.deadline === Infinity) this.#mortal.set(key, entry)
    if (deadline === Infinity && entry.deadline !== Infinity) this.#mortal.delete(key)
    entry.deadline = deadline
  }
}

const costOf = (key: string, value: Arg): number => KEY_COST + key.length + value.length
