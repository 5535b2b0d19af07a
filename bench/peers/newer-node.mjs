// multithreading uses `navigator` (Node 21) and Promise.withResolvers (Node 22); without these two it cannot be
// measured on Node 20. Loaded by --import, so that its Workers load it too.

import { availableParallelism } from 'node:os'

globalThis.navigator ??= { hardwareConcurrency: availableParallelism() }
Promise.withResolvers ??= function withResolvers() {
  let resolve, reject
  const promise = new this((yes, no) => { resolve = yes; reject = no })
  return { promise, resolve, reject }
}
