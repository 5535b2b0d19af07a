// Calls of what a program exports, under 1:1.

import { Program } from 'pthreads/wasm'
import { testCalls } from './calls.ts'

testCalls((file, preempt) => Program.load(file, { preempt }), false)
