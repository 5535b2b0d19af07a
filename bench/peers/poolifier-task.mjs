// The task that poolifier runs.

import { ThreadWorker } from 'poolifier'
import { pinWorker } from '../placement.mjs'

pinWorker(1)
export default new ThreadWorker(n => n)
