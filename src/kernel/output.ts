// The lock of the standard streams: one thread writes at a time.
//
// word   0 free, else the carrier that writes; a futex word.  A thread that finds it taken sleeps while the word
// is what it saw; every release wakes one.  The reaper frees it for a dead carrier.

import { cas, store } from '#atomics'
import { wake } from './futex.ts'
import { kernel, self } from './process.ts'
import { PROCESS, Process } from './records.ts'
import { block, wait, type Sleeper } from './request.ts'
import { wmesg } from './wmesg.ts'

const word = PROCESS + Process.output

function* acquired(): Sleeper<void> {
  for (;;) {
    const writer = cas(kernel, word, 0, self.carrier)                     // free -> mine
    if (writer === 0) return
    yield wait(kernel, word, writer, wmesg.output)
  }
}

/** Runs `write` while no other thread writes. A carrier between two threads has no record to sleep with, and writes at once. */
export function exclusively(write: () => void): void {
  if (self.slot === 0) {
    write()
    return
  }
  block(acquired())
  try {
    write()
  } finally {
    store(kernel, word, 0)
    wake(kernel, word, 1)
  }
}
