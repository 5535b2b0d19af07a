// The task of pool-work.mjs for poolifier.

import { ThreadWorker } from 'poolifier'
import { probe } from '../pool-work.mjs'

export default new ThreadWorker(probe)
