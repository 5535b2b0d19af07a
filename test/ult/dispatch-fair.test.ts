import { dispatchesUnder } from './dispatch.ts'

dispatchesUnder('fair')
