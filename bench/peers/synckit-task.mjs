// What synckit's Worker runs.

import { runAsWorker } from 'synckit'
import { pinWorker } from '../placement.mjs'

runAsWorker(async (n) => {
  if (n === 'settle') pinWorker(1)
  return n
})
