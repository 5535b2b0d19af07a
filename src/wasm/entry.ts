// Parts of programs as entries of threads: what the source w<memory>\n<part> means in this heap.  api/resolve.ts loads this module
// in a heap at the first such source.
//
//   main      the program's main      thread    one that pthread_create has made      spawned    one that wasi.thread-spawn has made
//   wasi      a call that concerns files, for other threads, in the I/O thread      input    what is asked about input, there
//   exit      the program's exit     =NAME      a function that it exports, which another thread calls
//   a number  the function of the table, as a handler

import { installParts } from '../api/resolve.ts'
import type { Address } from '../mem/memory.ts'
import type { Routine } from '../pthread/entry.ts'
import { perform } from './calls.ts'
import { installImports } from './guest.ts'
import { guestOf } from './guests.ts'
import { importsOf } from './imports.ts'
import { answer } from './input.ts'
import { calling, exiting, type Numeric } from './visitor.ts'

installImports(importsOf)

installParts('w', (source): Routine => {
  const [id, part] = source.slice(1).split('\n')
  const memory = Number(id)
  const settler = (routine: Routine): Routine => Object.assign(routine, { arrive: (at: Address) => guestOf(memory).arrive(part, at) })
  switch (part) {
    case 'main': return settler(() => guestOf(memory).main())
    case 'thread': return Object.assign(settler((block: number) => guestOf(memory).thread(block)), { hears: true })
    case 'spawned': return settler((argument: number) => guestOf(memory).spawned(argument))
    case 'wasi': return (name: string, args: (number | bigint)[]) => perform(guestOf(memory), name, args)
    case 'input': return answer
    case 'exit': return (code: number) => exiting(guestOf(memory), code)
    default: return part.startsWith('=') ? (...args: Numeric[]) => calling(guestOf(memory), part.slice(1), args) : guestOf(memory).routine(part)
  }
})
