// Records of addons, in user memory.

import { i32, struct } from '../mem/struct.ts'

/** What the threads of an addon want of the heap that loaded it. */
export const AddonRecord = struct('addon', {
  bell: i32('counts up by 2 when there is something to do for that heap; it waits on it in its event loop; bit 0: a thread of the addon has died'),
  head: i32('address of the latest send, or 0: pushed by compare and swap, all taken at once by that heap'),
})

/** A function of the addon that is to be called in the heap that loaded it. */
export const SendRecord = struct('send', {
  next: i32('address of the one before, or 0'),
  type: i32('0 in a turn of the event loop of its own, 1 as soon as possible; written by who sends, as what follows'),
  callback: i32('an index of the table'),
  data: i32('what it gets'),
})
