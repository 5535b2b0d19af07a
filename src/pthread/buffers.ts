// Shared buffers among the arguments of a fiber.
//
// What bytes cannot hold goes by port, to one carrier; but which one begins a fiber is not known when it is created.  So a
// SharedArrayBuffer gets a number there, and the message carries that.  A heap that meets a number for the first time asks the
// spawner for the buffer; in each heap it is one object from then on.
//
// B1  The number stands in a block of user memory, which is counted as those of the library's objects are (kernel/handle.ts): each heap that has the
//     buffer holds it, until its collector finds that nobody uses the buffer there, and so does each message under way.
// B2  The lender tells the spawner before it writes a message.  So whoever holds a number gets the buffer, soon.
// B3  Who drops the block last tells the spawner, which forgets the buffer.  Numbers are not given twice.
//
// Buffers that grow, ports, and what is transferred still bind the fiber to a carrier.
//
// Rejected: to leave what goes by port with the spawner until somebody begins the fiber, as results are: two more messages and a wait for each
// fiber, also for those that are not stolen.

import { add, peek, poke } from '#atomics'
import { needSpawner } from '../kernel/clone.ts'
import { drop, finalize, hold, retain } from '../kernel/handle.ts'
import { borrow, forget, lend } from '../kernel/mail.ts'
import { arena, kernel, self, user } from '../kernel/process.ts'
import { ObjectHead, PROCESS, Process } from '../kernel/records.ts'
import { Sights } from '../kernel/sight.ts'
import { malloc } from '../mem/arena.ts'
import { encode, extend, isFixedShared, type Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'

/** Its kind of block, and its tag in messages. */
const BUFFER = 11
const NUMBER = ObjectHead.size, SIZE = ObjectHead.size + 8

const blocks = new WeakMap<SharedArrayBuffer, Address>()
const sights = new Sights<SharedArrayBuffer>()

finalize(BUFFER, (at) => { forget(peek(user, at)) })                      // B3

let lending = false

/** {@link encode}, for a receiver that is not known yet: shared buffers go by number. */
export function encodeForAnybody(value: unknown, root: string, transfer: readonly object[]): Message {
  const before = lending
  lending = true
  try {
    return encode(value, root, transfer)
  } finally {
    lending = before
  }
}

// The block of `buffer`, or 0: user memory or the table of handles is full, and it goes by port.
function blockOf(buffer: SharedArrayBuffer): Address {
  const there = blocks.get(buffer)
  if (there !== undefined) return there
  const block = malloc(arena, SIZE, self.carrier)
  if (block === 0) return 0
  const id = add(kernel, PROCESS + Process.memories, 1) + 1
  user.i32.fill(0, block >>> 2, (block + SIZE) >>> 2)
  poke(user, block + NUMBER, id)
  poke(user, block + ObjectHead.kind, BUFFER)
  poke(user, block + ObjectHead.count, 1)
  needSpawner()
  lend(id, buffer)
  return adopt(buffer, block) ? block : 0
}

// From now on this heap has the buffer; it takes over a count of the block.
function adopt(buffer: SharedArrayBuffer, block: Address): boolean {
  const h = hold(block)
  if (h === 0) {
    drop(block)
    return false
  }
  blocks.set(buffer, block)
  sights.show(buffer, sights.add(buffer, block, h))
  return true
}

extend({
  tag: BUFFER,
  matches: o => lending && isFixedShared(o) && blockOf(o) !== 0,
  encode(o, writer) {
    const block = blocks.get(o as SharedArrayBuffer)!
    writer.word(block)
    retain(block)
  },
  decode(reader) {
    const block = reader.word()
    const here = sights.of(block)
    if (here !== undefined) {
      drop(block)
      return here
    }
    const buffer = borrow(peek(user, block + NUMBER))
    if (buffer === undefined) {
      drop(block)
      throw new Error('a shared buffer among the arguments was lost: the carrier died that was taking it over')
    }
    adopt(buffer, block)
    return buffer
  },
  release(reader) {
    drop(reader.word())
  },
})
