// States that the search has seen, so that it does not explore the same future twice.
//
// Two orders of operations that do not concern each other lead to the same state.  A state is known by what each
// thread has done, and what that depended on (as in CHESS, Musuvathi and Qadeer, 2008):
//
//   history of a thread    mixes each of its operations, the result, the time, and the word's history
//   history of a word      is the history of the thread that wrote it last, when it did
//   state                  the histories of all threads, and, where preemptions are bounded, how many are left to whom
//
// so equal states have equal pasts but for the order of independent operations, and what threads keep in variables is the
// same too, also what they read from raw memory, as long as that is ordered by operations.  The histories are 64-bit
// hashes: two different states are taken for one with a probability of some 2^-40 in a million.
//
// The rest of a schedule that reaches a known state runs to its end, but makes no branches.

import { at, c, its, history, knownWords, SEEN_SIZE, seen, state, words } from './control.ts'

const A = 0x9E3779B1, B = 0x85EBCA77
let low = 0, high = 0

function mix(value: number): void {
  low = Math.imul(low ^ value, A)
  low ^= low >>> 15
  high = Math.imul(high + value ^ low, B)
  high ^= high >>> 13
}

/** Thread `i` has done `what` on (m, a), with that result. */
export function remember(i: number, what: number, m: number, a: number, result: number, ms: number, writes: boolean): void {
  const mine = its(history, i)
  const word = (Math.imul((a >>> 2) + (m << 24), A) >>> 19) << 1
  low = c[mine]
  high = c[mine + 1]
  mix(what)
  mix(a)
  mix(result)
  mix(ms)
  mix(words[word])
  mix(words[word + 1])
  c[mine] = low
  c[mine + 1] = high
  if (!writes) return
  if (words[word] === 0 && words[word + 1] === 0) knownWords[c[at.wordsKnown]++] = word
  words[word] = low
  words[word + 1] = high
}

/** Forgets all histories: a schedule begins. */
export function forgetHistories(): void {
  for (let i = c[at.wordsKnown] - 1; i >= 0; i--) {
    words[knownWords[i]] = 0
    words[knownWords[i] + 1] = 0
  }
  c[at.wordsKnown] = 0
}

/** Whether the search has been in this state before; now it has. `bounded`: the running thread and the preemptions used count. */
export function known(me: number, runnable: boolean, bounded: boolean): boolean {
  low = 1
  high = 2
  for (let i = 0; i < c[at.threads]; i++) {
    mix(c[its(history, i)])
    mix(c[its(history, i) + 1])
    mix(c[its(state, i)])
  }
  if (bounded) {
    mix(runnable ? me : -1)
    mix(c[at.used])
  }
  if (low === 0) low = 1
  for (let n = 0, at = (low & SEEN_SIZE - 1) << 1; n < 64; n++, at = (at + 2) & (SEEN_SIZE << 1) - 1) {
    if (seen[at] === 0) {
      seen[at] = low
      seen[at + 1] = high
      return false
    }
    if (seen[at] === low && seen[at + 1] === high) return true
  }
  return false                                                          // that part of the table is full: explored again
}

/** Forgets all states: another bound, other futures. */
export function forgetStates(): void {
  seen.fill(0)
}
