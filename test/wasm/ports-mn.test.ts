// Ports of C threads that share two carriers.

import { configure } from 'pthreads'
import { testPorts } from './ports.ts'

configure({ model: 'm:n', carriers: 2 })
testPorts('m:n')
