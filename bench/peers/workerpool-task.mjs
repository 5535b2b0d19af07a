// The task that workerpool runs.

import workerpool from 'workerpool'
import { pinWorker } from '../placement.mjs'

pinWorker(1)
workerpool.worker({ echo: n => n })
