// A mailbox between threads, its test for `pthreads check`, and the same mailbox with a bug that the test finds.
//
//   pthreads run build/examples/mailbox/main.js -- [letters]
//   pthreads check build/examples/mailbox/main.js
//   pthreads check build/examples/mailbox/main.js --story hasty
//
// The bug: who was woken takes for granted that there is a letter. Between the signal and its waking another one may have come
// and taken it. Run for real, that shows once in a million letters; check runs that order after a few others, and prints it.

import assert from 'node:assert/strict'
import { Condition, Mutex, Thread, thread } from 'pthreads'

/** The shared ints, guarded by the mutex: letters in the box, letters taken out so far. */
const INSIDE = 0, TAKEN = 1

interface Mailbox { mutex: Mutex, filled: Condition, counts: Int32Array }

function put({ mutex, filled, counts }: Mailbox): void {
  using _ = mutex.lock()
  counts[INSIDE]++
  filled.signal()
}

function take({ mutex, filled, counts }: Mailbox, hasty = false): void {
  using _ = mutex.lock()
  if (hasty) {
    if (counts[INSIDE] === 0) filled.wait(mutex)
  } else {
    while (counts[INSIDE] === 0) filled.wait(mutex)
  }
  assert.ok(counts[INSIDE] > 0, 'a letter is taken out of the empty mailbox')
  counts[INSIDE]--
  counts[TAKEN]++
}

// The test: two take a letter each, one puts two. Each of the threads gets what setup returned: the same mutex,
// condition and ints, as a thread's arguments are.

/** Makes the mailbox. Its memory is made what it was before every schedule. */
export function setup(): Mailbox {
  return { mutex: new Mutex({ name: 'mailbox' }), filled: new Condition({ name: 'filled' }), counts: new Int32Array(new SharedArrayBuffer(8)) }
}

/** What runs at the same time. */
export const threads = [
  function anna(box: Mailbox): void { take(box) },
  function otto(box: Mailbox): void { take(box) },
  function postman(box: Mailbox): void {
    put(box)
    put(box)
  },
]

/** What must hold when all have ended. */
export function after({ counts }: Mailbox): void {
  assert.deepEqual([...counts], [0, 2])
}

/** The same with the bug. */
export const hasty = {
  setup, after,
  threads: [
    function anna(box: Mailbox): void { take(box, true) },
    function otto(box: Mailbox): void { take(box, true) },
    threads[2],
  ],
}

const receive = thread(import.meta, function receive(mutex: Mutex, filled: Condition, counts: Int32Array, letters: number): void {
  for (let i = 0; i < letters; i++) take({ mutex, filled, counts })
})

/** Runs the mailbox for real; returns the exit code. */
export function main([letters = '1000']: string[]): number {
  const total = Number(letters)
  if (!Number.isInteger(total) || total < 1) {
    console.error('mailbox: one number: how many letters (1 or more)')
    return 2
  }
  const box = setup()
  const receivers = ['anna', 'otto'].map(name => Thread.create({ name }, receive, box.mutex, box.filled, box.counts, total))
  for (let i = 0; i < 2 * total; i++) put(box)
  for (const receiver of receivers) receiver.join()
  console.log(`letters taken: ${box.counts[TAKEN]}`)
  return box.counts[TAKEN] === 2 * total && box.counts[INSIDE] === 0 ? 0 : 1
}
