// Ports of C threads that share one carrier.

import { configure } from 'pthreads'
import { testPorts } from './ports.ts'

configure({ model: 'm:1' })
testPorts('m:1')
