// Calls that an addon's threads send to the heap that loaded it: JavaScript values live there, so what completes a piece of
// work, and what calls a JavaScript function, has to run there.
//
// A list and a bell, see mem/inbox.ts; the lowest bit of the bell: a thread of the addon has died; set by the reaper.
//
// The wait keeps no event loop alive: emnapi does, while a piece of work or a referenced function is outstanding.  So the list is
// also no place to hold a thread up: who sends never waits for the receiver.

import { load, peek, poke } from '#atomics'
import { ENOMEM } from '../kernel/errno.ts'
import { arena, self, user } from '../kernel/process.ts'
import { free, malloc } from '../mem/arena.ts'
import { Inbox } from '../mem/inbox.ts'
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
  inboxOf(at).push(s)
}

const inboxOf = (at: Address): Inbox => new Inbox(user, at + AddonRecord.head, at + AddonRecord.bell, SendRecord.next)

/** Has the receiver look. */
export function ring(at: Address): void {
  inboxOf(at).ring()
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
export function receive(at: Address, over: () => boolean, receive: Receiver): Promise<void> {
  return inboxOf(at).listen(over, () => { take(at, receive) })
}

type Receiver = (type: number, callback: number, data: number) => void

function take(at: Address, receive: Receiver): void {
  for (const s of inboxOf(at).take()) {
    const type = peek(user, s + SendRecord.type), callback = peek(user, s + SendRecord.callback), data = peek(user, s + SendRecord.data)
    free(arena, s, self.carrier)
    receive(type, callback, data)
  }
}
