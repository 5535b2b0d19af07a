// The thread of descriptors.test.ts.

import { openSync } from 'node:fs'
import { Thread, type Semaphore } from 'pthreads'

/** Opens something, and stays. */
export function opens(number: Int32Array, opened: Semaphore): void {
  number[0] = openSync('/dev/null', 'r')
  opened.post()
  for (;;) Thread.sleep(1e6)
}
