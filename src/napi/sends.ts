// Calls that an addon's threads send to the heap that loaded it: JavaScript values live there, so what completes a piece of
// work, and what calls a JavaScript function, has to run there.
//
//   head   0, or the latest of a list.  Who sends pushes; the receiver takes all, by exchange: no ABA, for nobody takes one.
//   bell   counted up after a push, by 2, then notified.  Its lowest bit: a thread of the addon has died; set by the reaper.
//
// No send is lost: the receiver reads the bell, then takes the list, then waits while the bell is what it read; a push comes
// before its count, so either the list was taken after it, or the bell has another value and the wait does not begin.
//
// The wait keeps no event loop alive: emnapi does, while a piece of work or a referenced function is outstanding.  So the list is
// also no place to hold a thread up: who sends never waits for the receiver.

import { add, cas, exchange, load, peek, poke, resume, suspendAsync } from '#atomics'
import { ENOMEM } from '../kernel/errno.ts'
import { arena, self, user } from '../kernel/process.ts'
import { free, malloc } from '../mem/arena.ts'
import type { Address } from '../mem/memory.ts'
import { ErrnoError } from '../api/errors.ts'
import { AddonRecord, SendRecord } from './records.ts'

/** A new list; `file` is the addon's. */
export function newSends(file: string): Address {
  const at = malloc(arena, AddonRecord.size, self.carrier)
  if (at === 0) throw new ErrnoError(ENOMEM, 'loadNapi', `${file}: user memory is full (see configure: memory)`)
  poke(user, at + AddonRecord.bell, 0)
  poke(user, at + AddonRecord.head, 0)
  return at
}

/** Gives up the list, to which nobody sends any more. */
export function freeSends(at: Address): void {
  take(at, () => undefined)
  free(arena, at, self.carrier)
}

/** Has `callback` called with `data` in the heap that loaded the addon. Throws ErrnoError when user memory is full. */
export function send(at: Address, type: number, callback: number, data: number): void {
  const s = malloc(arena, SendRecord.size, self.carrier)
  if (s === 0) throw new ErrnoError(ENOMEM, 'loadNapi', 'a thread of the addon cannot tell that its work is done: user memory is full (see configure: memory)')
  poke(user, s + SendRecord.type, type)
  poke(user, s + SendRecord.callback, callback)
  poke(user, s + SendRecord.data, data)
  for (let head = load(user, at + AddonRecord.head); ;) {
    poke(user, s + SendRecord.next, head)
    const seen = cas(user, at + AddonRecord.head, head, s)
    if (seen === head) break
    head = seen
  }
  ring(at)
}

/** Has the receiver look. */
export function ring(at: Address): void {
  add(user, at + AddonRecord.bell, 2)
  resume(user, at + AddonRecord.bell)
}

/** The word that is told of deaths of the addon's threads. */
export function bellOf(at: Address): Address {
  return at + AddonRecord.bell
}

/** Whether one of the addon's threads has died without a word: its heap was full, or it was ended by force. */
export function isBereft(at: Address): boolean {
  return (load(user, at + AddonRecord.bell) & 1) !== 0
}

/** Calls `receive` with everything that is sent, in order, in the event loop, until `over` says, after a ring, that it is. */
export async function receive(at: Address, over: () => boolean, receive: (type: number, callback: number, data: number) => void): Promise<void> {
  for (;;) {
    const seen = load(user, at + AddonRecord.bell)
    if (over()) return
    take(at, receive)
    await suspendAsync(user, at + AddonRecord.bell, seen)
  }
}

function take(at: Address, receive: (type: number, callback: number, data: number) => void): void {
  const taken: Address[] = []
  for (let s = exchange(user, at + AddonRecord.head, 0); s !== 0; s = peek(user, s + SendRecord.next)) taken.unshift(s)
  for (const s of taken) {
    const type = peek(user, s + SendRecord.type), callback = peek(user, s + SendRecord.callback), data = peek(user, s + SendRecord.data)
    free(arena, s, self.carrier)
    receive(type, callback, data)
  }
}
