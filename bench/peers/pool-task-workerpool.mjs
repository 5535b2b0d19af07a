// The tasks of pool-work.mjs for workerpool.

import workerpool from 'workerpool'
import { probe, spin } from '../pool-work.mjs'

workerpool.worker({ probe, spin })
