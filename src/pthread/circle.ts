// Who waits for whom, along mutexes: whether a lock would close a circle.
//
// A mutex names its holder; a thread that sleeps says on what.  So the circle is a walk from holder to holder until it
// comes back to the caller.  Nobody is stopped meanwhile, and what the walk saw may be over by the time it
// ends.  Therefore it is walked twice: if each thread of the circle sleeps in the queue of the same mutex, with the
// same count of sleeps, it slept all the time between, and no holder can have changed: who sleeps unlocks nothing, and
// the caller, which holds the last mutex, is here.
//
// Sleeps with a deadline end by themselves: they are no part of a circle.  Two threads that close it at the same moment
// do not see each other sleep; the report of hanging programs finds those.

import { load, peek } from '#atomics'
import { kernel, record, self } from '../kernel/process.ts'
import { Flag, State, ThreadRecord } from '../kernel/records.ts'
import { find } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { Mutex } from './records.ts'

const ASLEEP = 1
const LONGEST = 64

/** Whether waiting for the mutex would never end, because its holder waits, through others maybe, for the calling thread. */
export function cycle(m: Memory, mutex: Address): boolean {
  const first = walk(m, mutex)
  return first !== undefined && walk(m, mutex)?.join() === first.join()
}

// The threads from the mutex's holder to the caller, each with its serial, sleeps and mutex; undefined if it does not come back.
function walk(m: Memory, mutex: Address): number[] | undefined {
  const path: number[] = []
  for (let i = 0; i < LONGEST; i++) {
    const holder = peek(m, mutex + Mutex.owner)
    if (holder === self.tid) return path
    const slot = find(holder)
    if (slot === 0) return undefined
    const t = record(slot)
    const sleeps = peek(kernel, t + ThreadRecord.sleeps)
    if (load(kernel, t + ThreadRecord.state) !== State.SLEEPING || peek(kernel, t + ThreadRecord.wmesg) !== wmesg.mutex) return undefined
    if (load(kernel, t + ThreadRecord.park) !== ASLEEP || load(kernel, t + ThreadRecord.bucket) === 0) return undefined
    if (peek(kernel, t + ThreadRecord.timed) !== 0 || (peek(kernel, t + ThreadRecord.flags) & Flag.ASYNC) !== 0) return undefined
    if (peek(kernel, t + ThreadRecord.memory) !== m.id) return undefined
    mutex = peek(kernel, t + ThreadRecord.address)
    path.push(slot, peek(kernel, t + ThreadRecord.serial), sleeps, mutex)
  }
  return undefined
}
