// What wasm-call.mjs runs on a carrier.

import { calling } from '../../dist/wasm/index.js'
import { milliseconds } from '../timing.mjs'

/** Calls `sum` of C again and again; returns nanoseconds a call. */
export function* callsC(sum) {
  let calls = 0, last = 0, ns = 0
  for (let round = 0; round < 2; round++) {                // the first one is the warm-up
    const start = performance.now(), before = calls
    do {
      for (let i = 0; i < 1024; i++) last = yield* calling(sum, last, 1)
      calls += 1024
      ns = (performance.now() - start) * 1e6 / (calls - before)
    } while (performance.now() < start + milliseconds)
  }
  return { ns, ok: last === (calls | 0) }
}
