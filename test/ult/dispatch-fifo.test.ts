import { dispatchesUnder } from './dispatch.ts'

dispatchesUnder('fifo')
