import { hostileUnder } from './port-hostile.ts'

hostileUnder('m:1')
