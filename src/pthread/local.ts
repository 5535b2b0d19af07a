// What a thread has in the heap that runs it, and not in its record: JavaScript values.
//
// A carrier of system threads has one set, emptied at the end of each thread.  A carrier of fibers changes to another set with every
// switch (enter): so nothing that is a thread's may stand in a variable of a module.

/** A cleanup handler: pthread/cleanup.ts. */
export interface Cleanup { readonly routine: (arg: never) => unknown, readonly arg: unknown }

/** The end of a thread that is not of JavaScript, as its face has it. */
export interface Ending {
  /** The cleanup handler that was pushed last, taken off; undefined if there is none. */
  cleanup(): (() => unknown) | undefined
  /** One round of destructors of its values. */
  destructors(): (() => unknown)[]
  /** When its own code, its cleanup handlers and destructors have run. */
  last(): void
}

/** The values of one thread. Absent: it has none. */
export interface Local {
  /** Cleanup handlers, the last one first to run. */
  cleanup: Cleanup[] | undefined
  /** Thread-specific data, by key: pthread/key.ts. */
  values: Map<number, unknown> | undefined
  /** The face's handle on it. */
  handle: object | undefined
  /** Mutexes that it holds and whose memory must outlive that: their handles. */
  held: Set<object> | undefined
  /** Ports that it serves, and its server records there: port/server.ts. */
  ports?: Map<number, number> | undefined
  /** Locks that it holds for reading, and how often. */
  reads: Reads | undefined
  /** What a face has to say when a wait of the thread's is interrupted; it may throw out of it. */
  interrupted?: (() => void) | undefined
  /** How it ends if it is not of JavaScript: start.ts. What it has is elsewhere, so it can go on in another heap. */
  ending: Ending | undefined
  /** What the faces do when it has ended and its promises are given up. */
  endings?: Set<() => void> | undefined
}

/** Locks, and how often each is held. Nearly always it is one: that needs no map, which would be most of the price of locking. */
export class Reads {
  #lock: object | undefined
  #times = 0
  #others: Map<object, number> | undefined

  has(lock: object): boolean {
    return this.#lock === lock || this.#others?.has(lock) === true
  }

  /** Held once more. */
  more(lock: object): void {
    if (this.#lock === lock) {
      this.#times++
    } else if (this.#lock === undefined && this.#others?.has(lock) !== true) {
      this.#lock = lock
      this.#times = 1
    } else {
      this.#others ??= new Map()
      this.#others.set(lock, (this.#others.get(lock) ?? 0) + 1)
    }
  }

  /** Held once less: whether not at all any more. `lock` is one of them. */
  less(lock: object): boolean {
    if (this.#lock === lock) {
      if (--this.#times !== 0) return false
      this.#lock = undefined
      return true
    }
    const left = this.#others!.get(lock)! - 1
    if (left === 0) return this.#others!.delete(lock)
    this.#others!.set(lock, left)
    return false
  }
}

/** The set of the thread that runs in this heap. */
export let local: Local = { cleanup: undefined, values: undefined, handle: undefined, held: undefined, reads: undefined, ending: undefined }
/** The heap's own: of the thread that has a carrier of its own, and between fibers. */
export const own = local

/** From now on a thread with the set `l` runs; without one, the heap's own. */
export function enter(l: Local = own): void {
  local = l
}

/** The thread has ended: its values are forgotten. */
export function forget(): void {
  if (local.ports !== undefined) local.ports = undefined
  if (local.endings !== undefined) local.endings = undefined
  if (local.interrupted !== undefined) local.interrupted = undefined
  local.cleanup = local.values = local.handle = local.held = local.reads = local.ending = undefined
}
