// What a virtual thread waits for without being suspended: promises of `suspendAsync`, which its event loop settles.
//
// waits, a table of WAITS entries for each thread in the control memory
//   FREE       belongs to no promise                  the thread: WAITING
//   WAITING    (memory, address, order) as a sleep's  who resumes that word (turn.ts): RESUMED
//   RESUMED    its promise is to be settled           the thread's event loop: FREE
//
// A thread whose event loop has nothing to do sleeps on the word (LOOP, its number), which is resumed with each of its waits.

import { asyncWaits, at, c, WAITS, WAIT_SIZE } from './control.ts'

/** The memory of words that are event loops of threads. */
export const LOOP = -2
const FREE = 0, WAITING = 1, RESUMED = 2
const STATE = 0, MEMORY = 1, ADDRESS = 2, ORDER = 3

const settlers: (() => void)[] = []

const entry = (i: number, j: number): number => (i * WAITS + j) * WAIT_SIZE

/** A promise that is settled when thread `i`, the caller's, is resumed on (m, a). */
export function waitLater(i: number, m: number, a: number): Promise<unknown> {
  for (let j = 0; j < WAITS; j++) {
    const e = entry(i, j)
    if (asyncWaits[e + STATE] !== FREE) continue
    asyncWaits[e + STATE] = WAITING
    asyncWaits[e + MEMORY] = m
    asyncWaits[e + ADDRESS] = a
    asyncWaits[e + ORDER] = ++c[at.order]
    return new Promise((resolve) => {
      settlers[j] = () => {
        asyncWaits[e + STATE] = FREE
        resolve('ok')
      }
    })
  }
  throw new Error(`the lab knows ${WAITS} promises of a thread at a time, no more`)
}

/** The order of the first wait of thread `i` on (m, a) that goes on; -1 if there is none. */
export function orderOf(i: number, m: number, a: number): number {
  const j = first(i, e => asyncWaits[e + STATE] === WAITING && asyncWaits[e + MEMORY] === m && asyncWaits[e + ADDRESS] === a)
  return j < 0 ? -1 : asyncWaits[entry(i, j) + ORDER]
}

/** That wait is resumed. */
export function resumeLater(i: number, order: number): void {
  asyncWaits[entry(i, first(i, e => asyncWaits[e + ORDER] === order && asyncWaits[e + STATE] === WAITING)) + STATE] = RESUMED
}

/** Settles the promise of thread `i`, the caller's, that was resumed and waited longest; false if there is none. */
export function settleNext(i: number): boolean {
  const j = first(i, e => asyncWaits[e + STATE] === RESUMED)
  if (j < 0) return false
  settlers[j]()
  return true
}

/** The words that thread `i` waits for, without being suspended. */
export function waitsOf(i: number): { memory: number, address: number }[] {
  const found: { memory: number, address: number }[] = []
  for (let j = 0; j < WAITS; j++) {
    const e = entry(i, j)
    if (asyncWaits[e + STATE] === WAITING) found.push({ memory: asyncWaits[e + MEMORY], address: asyncWaits[e + ADDRESS] })
  }
  return found
}

/** A schedule begins: nobody waits. */
export function forgetWaits(): void {
  for (let i = 0; i < c[at.threads]; i++) for (let j = 0; j < WAITS; j++) asyncWaits[entry(i, j) + STATE] = FREE
}

// Of the entries of thread `i` that are meant, the one that has waited longest; -1: none.
function first(i: number, meant: (e: number) => boolean): number {
  let best = -1
  for (let j = 0; j < WAITS; j++)
    if (meant(entry(i, j)) && (best < 0 || asyncWaits[entry(i, j) + ORDER] < asyncWaits[entry(i, best) + ORDER])) best = j
  return best
}
