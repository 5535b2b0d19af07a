// The task that piscina and tinypool run.

import { pinWorker } from '../placement.mjs'

pinWorker(1)

export default function echo(n) {
  return n
}
