// What the I/O thread runs.

import { pinWorker } from '../placement.mjs'

export async function echo(n) {
  return n
}

export async function settle(worker) {
  pinWorker(worker)
}
