// A collection of the young generation.
//
// Node has no function for it. V8 has one, `gc`, which it gives to contexts that are made while its option --expose-gc is on: a context is made for
// that, once in a heap that needs it (1 to 10 ms, 160 to 320 KB).
//
// The option is the process's. A context that another thread makes in that moment has `gc` as well; and a thread that does the same as we do may put
// the option off before our context is there: then the next call tries again.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'minor' }) => void

let collect: Collect | undefined

function find(): Collect | undefined {
  const own = (globalThis as { gc?: Collect }).gc
  if (own !== undefined) return own
  setFlagsFromString('--expose-gc')
  try {
    return runInNewContext('globalThis.gc') as Collect | undefined
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}

/** Collects the young objects of the calling heap. */
export function collectYoung(): void {
  collect ??= find()
  collect?.({ type: 'minor' })
}
