// Parts of addons as entries of threads: what the source a<memory>\n<part> means in this heap.  api/resolve.ts loads this module in a
// heap at the first such source.
//
//   spawned   a thread that wasi.thread-spawn has made      wasi   a call for other threads, in the I/O thread      input   of that, about input

import type { Memory } from '../mem/memory.ts'
import { installParts } from '../api/resolve.ts'
import type { Routine } from '../pthread/entry.ts'
import '../wasm/entry.ts'
import type { About } from '../wasm/about.ts'
import { perform } from '../wasm/calls.ts'
import type { Guest } from '../wasm/guest.ts'
import { guestOf } from '../wasm/guests.ts'
import { answer } from '../wasm/input.ts'
import { Addon, type AddonAbout } from './addon.ts'

const make = (memory: Memory, about: About): Guest => new Addon(memory, about as AddonAbout)

installParts('a', (source): Routine => {
  const [id, part] = source.slice(1).split('\n')
  const memory = Number(id)
  switch (part) {
    case 'wasi': return (name: string, args: (number | bigint)[]) => perform(guestOf(memory, make), name, args)
    case 'input': return answer
    default: return (argument: number) => guestOf(memory, make).spawned(argument)
  }
})
