// Ports of C threads under 1:1.

import { testPorts } from './ports.ts'

testPorts('1:1')
