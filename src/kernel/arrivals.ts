// Buffers that this heap was given by transfer.
//
// V8 counts the bytes of a buffer that arrives, but asks whether the young ones are worth a collection only when one is made here.  A heap that
// receives and makes none keeps them all, until they are 64 MB more than after the last collection; then it marks everything that it has, its code
// too.  Most of them were dead long before: a collection of the young, which costs as much as what lives, would have freed them.  So who has
// received BATCH bytes asks the host for one.
//
// Measured with 1 MB a task, all threads on one core of a busy machine, processor time a task: Node 24 80 to 100 us, before 230 to 270, piscina 220 to
// 240; Node 26 60 to 70 us, before 210 to 230.
//
// Rejected: to make a small buffer here, so that V8 asks (Node 20 collects at 32 MB, 24 not before 64, when it marks); to fill the young space with
// garbage (its size changes, and whether it was collected cannot be seen: every third time it was not, and twice the price); a smaller young space
// for our Workers (the limit is a constant of V8); BATCH of 16 MB (no less marking, and slower), of 32 MB (V8 marks each third time on Node 26).

import { host } from './host.ts'

const BATCH = 3 * 2 ** 23

let bytes = 0

/** `values` have arrived. Returns them. */
export function arrived(values: unknown[]): unknown[] {
  for (const value of values) if (value instanceof ArrayBuffer) bytes += value.byteLength
  if (bytes >= BATCH) {
    bytes = 0
    host.collectYoung()
  }
  return values
}
