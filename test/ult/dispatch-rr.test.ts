import { dispatchesUnder } from './dispatch.ts'

dispatchesUnder('rr')
