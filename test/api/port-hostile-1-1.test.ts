import { hostileUnder } from './port-hostile.ts'

hostileUnder('1:1')
