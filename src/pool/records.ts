// A pool as it lies in user memory.

import { bytes, f64, i32, struct } from '../mem/struct.ts'

/** What the pool's threads tell the heap that made it. */
export const PoolRecord = struct('pool', {
  answers: i32('counts what the threads have done; atomic adds of theirs; the heap that made the pool sleeps on it'),
  sleeping: i32('number of its sleep, while it sleeps or is about to, else 0; by that heap, and by the thread that has woken it'),
  sleeps: i32('counts its sleeps; by that heap'),
  users: i32('how many use this record: the thread that made the pool, and its lanes; atomic'),
  maker: i32('slot of the thread that made the pool; or, negated, number of the carrier, if no thread ran there; by it'),
  makerSerial: i32('serial of that slot or carrier; likewise'),
  crowd: i32('1 while that heap posts many tasks in one go: threads that find no task nap; by it'),
  left: i32('1 once the maker uses it no more; by it, or by who finds that it is gone; by compare and swap'),
})

/** A lane: the pool\'s way to one thread, and back. Its entries follow. */
export const LaneRecord = struct('lane', {
  tail: i32('index of the next entry; by the pool; a futex word, on which the thread sleeps'),
  head: i32('index of the first entry that the thread has not passed; by the thread'),
  ready: i32('1 once the thread has begun to look for entries; by the thread'),
  abort: i32('counts requests to abort the entry that is taken; by the pool; the thread\'s event loop sleeps on it'),
  listens: i32('1 while the task that runs has asked for its signal; by the thread'),
  sender: i32('number of the carrier that made the pool; by the pool, before the thread begins'),
  serial: i32('serial of that carrier; likewise'),
  carrier: i32('number of the carrier that runs the thread; by the thread, before ready'),
  carrierSerial: i32('serial of that carrier; likewise'),
  fate: i32('0, 1 the thread has ended first, 2 the maker of the pool has; by compare and swap: pool/lane.ts, L7'),
  naps: i32('1 while the thread sleeps for a moment only, and need not be woken at once; by the thread'),
  rest: bytes(16, 'fills the line'),
})

/** An entry: a task, then its outcome. */
export const EntryRecord = struct('task', {
  state: i32('0 free, 1 posted, 2 taken, 3 aborting, 4 killing, 5 done, 6 revoked: pool/lane.ts'),
  entry: i32('number of the entry to run, 0: the thread is to end; by the pool'),
  block: i32('address of the message in user memory, or 0: it is in room; by who writes the message, then by who takes it'),
  length: i32('bytes of the message; 0: there is none; likewise'),
  mail: i32('number under which values travel beside the message; 0: none; likewise'),
  threw: i32('1: the outcome is an error; by the thread'),
  started: f64('when it was taken, ms; by the thread'),
  ended: f64('when it was done, ms; by the thread'),
  room: bytes(472, 'a message that fits'),
}, 512)
