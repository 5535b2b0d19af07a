import { hostileUnder } from './port-hostile.ts'

hostileUnder('m:n')
