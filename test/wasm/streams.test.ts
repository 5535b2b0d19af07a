// Program.run: standard input, output and errors, under 1:1.

import { Program } from 'pthreads/wasm'
import { testStreams } from './streams.ts'

testStreams(file => Program.load(file))
