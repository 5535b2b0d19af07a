// Whether a write to a descriptor of this process would wait: what Node tells nobody but through WASI, whose poll_oneoff is the
// system's poll.  It needs a clock, and if that is due when it begins, because somebody else had the processor, it looks at nothing else: so it is asked
// several times.

import { isatty } from 'node:tty'
import { fstatSync } from 'node:fs'
import { wasm } from '../mem/memory.ts'
import { standardOf } from './wasi.ts'

const SUBSCRIPTION = 48, EVENTS = 2 * SUBSCRIPTION, COUNT = EVENTS + 64
const CLOCK = 0, WRITE = 2, MONOTONIC = 1, SOON = 2_000_000n, LOOKS = 3
type Poll = (subscriptions: number, events: number, count: number, stored: number) => number
interface Poller { readonly poll: Poll, readonly view: DataView }

const pollers = new Map<number, Poller>()

function pollerOf(fd: number): Poller {
  let poller = pollers.get(fd)
  if (poller === undefined) {
    const memory = new wasm!.Memory({ initial: 1, maximum: 1, shared: true })
    const view = new DataView(memory.buffer)
    view.setUint8(8, WRITE)
    view.setUint32(16, 0, true)
    view.setUint8(SUBSCRIPTION + 8, CLOCK)
    view.setUint32(SUBSCRIPTION + 16, MONOTONIC, true)
    view.setBigUint64(SUBSCRIPTION + 24, SOON, true)
    pollers.set(fd, poller = { poll: standardOf(memory, [fd]).poll_oneoff as unknown as Poll, view })
  }
  return poller
}

/** Whether something can be written to `fd`, or a write fails at once. Looks for some milliseconds at most. */
export function isWritable(fd: number): boolean {
  const stat = fstatSync(fd, { bigint: true })                             // see isTerminal in output.ts
  if (!stat.isFIFO() && !stat.isSocket() && !isatty(fd)) return true
  const { poll, view } = pollerOf(fd)
  for (let tries = 0; tries < LOOKS; tries++) {
    if (poll(0, EVENTS, 2, COUNT) !== 0) return true                      // the system cannot tell
    for (let i = 0, n = view.getUint32(COUNT, true); i < n; i++) if (view.getUint8(EVENTS + 32 * i + 10) === WRITE) return true
  }
  return false
}
