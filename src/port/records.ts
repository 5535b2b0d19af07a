// A port as it lies in user memory.

import { bytes, i32, struct } from '../mem/struct.ts'

/** A port; its cells follow, a word each. */
export const Port = struct('port', {
  tail: i32('index of the next entry, modulo 2^32; by compare and swap; a futex word, on which servers sleep'),
  limit: i32('how many messages it holds before send blocks; written at birth'),
  bits: i32('2^bits cells; written at birth'),
  life: i32('0 nobody has served it, positive: somebody serves it, negative: all who served it have left; how many have joined; by compare and swap'),
  room: bytes(112, 'the rest of the line is the senders\''),
  head: i32('index of the next message to be taken, modulo 2^32; by compare and swap; a futex word, on which senders sleep'),
  first: i32('index of the first entry, modulo 2^32; by compare and swap'),
  halves: i32('changes whenever about half of the port has been taken; by who took the message; a futex word, on which senders pause'),
  rest: bytes(112, 'the rest of the line is the servers\''),
})
