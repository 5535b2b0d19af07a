// Interned strings: a number for each entry of the program, the same in every heap.  clone takes numbers, so
// the kernel never imports what it runs.  Strings are added, never removed; the count is stored last.

import { load, peek, poke, store } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import { getText, putText } from '../mem/text.ts'
import { arena, INTERNED, interned, kernel, self, user } from './process.ts'
import { PROCESS, Process } from './records.ts'

const ids = new Map<string, number>()
const texts: string[] = ['']

function learn(): void {
  for (let id = texts.length; id <= load(kernel, PROCESS + Process.interned); id++) {
    const text = getText(user, peek(kernel, interned + id * 4))
    texts.push(text)
    ids.set(text, id)
  }
}

/** The number of `text`, from 1; 0 if there is no room for another string (ENOMEM). */
export function intern(text: string): number {
  const known = ids.get(text)
  if (known !== undefined) return known
  acquire(kernel, PROCESS + Process.internLock, self.carrier)
  try {
    learn()
    const id = ids.get(text) ?? texts.length
    if (id < texts.length) return id
    const address = id < INTERNED ? putText(arena, text, self.carrier) : 0
    if (address === 0) return 0
    poke(kernel, interned + id * 4, address)
    store(kernel, PROCESS + Process.interned, id)
    texts.push(text)
    ids.set(text, id)
    return id
  } finally {
    release(kernel, PROCESS + Process.internLock)
  }
}

/** The string of number `id`. */
export function textOf(id: number): string {
  if (id >= texts.length) learn()
  return texts[id]
}
