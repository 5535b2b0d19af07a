// Calls of what a program exports, where its threads and those that call it share carriers: m:1.

import { configure } from 'pthreads'
import { Program } from 'pthreads/wasm'
import { testCalls } from './calls.ts'

configure({ model: 'm:1' })
testCalls((file, preempt) => Program.load(file, { preempt, model: 'm:1' }), true)
