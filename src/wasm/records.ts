// Records of WebAssembly programs. The program's own is in user memory, a thread's block in the program's memory.

import { i32, struct } from '../mem/struct.ts'

/** What the threads of a program share. */
export const ProgramRecord = struct('program', {
  ended: i32('0 it runs, 1 somebody ends it, 2 it has ended and the rest of this is written; a futex word'),
  code: i32('exit code, 0 to 255; written by who ends it'),
  signal: i32('the signal that ended it, or 0; written by who ends it'),
  live: i32('its threads that have not ended; by atomic additions'),
  memory: i32('id of its memory, 0 once it is over: then heaps let go of the program; written by who started it'),
  moved: i32('bits 0 to 2: the program has closed or replaced that descriptor; by atomic or'),
  bereft: i32('bit 0: one of its threads has died outside of C, or one that called it, or nobody waits for that any more; by atomic or: see Annex'),
  asked: i32('1: it has waited for input that others than it could read; written by who waits'),
  position: i32('how many bytes of an input that is given have been read; by compare and swap'),
  pieces: i32('the latest of what was written for who runs the program and is not taken, or 0; by compare and swap, see streams.ts'),
  bell: i32('counted up after a push to it; a word to be notified'),
  untaken: i32('bytes of these; by atomic additions'),
  room: i32('counted up when they have been taken; a futex word'),
  ready: i32('0 until it can be called: its constructors have run; a futex word'),
  spare: i32('first of the blocks that such threads have left, by their `next`, or 0; taken as a whole by exchange, given back by compare and swap'),
  home: i32('the carrier whose heap has its memory, if that is not shared; 0: it has not begun; by compare and swap'),
})

/** What a program has written by one call, for who runs it; the bytes follow. Written before it is pushed. */
export const Piece = struct('piece', {
  next: i32('the one that was written before it, or 0'),
  fd: i32('1 or 2'),
  length: i32('how many bytes'),
})

/** What a thread of a C program stands on: at the beginning of its allocation, see c/src/thread.c. */
export const Block = struct('block', {
  next: i32('address of the next one in the list of those that are free, or 0'),
  size: i32('bytes of the stack'),
  top: i32('where the stack begins, which grows down'),
  tls: i32('where the thread-local variables are'),
  guard: i32('a value that a stack which grows too far overwrites'),
  routine: i32('what the thread runs: an index of the table'),
  argument: i32('what it gets'),
  reserved: i32('room'),
})

/** A cleanup handler, in the frame that has pushed it. */
export const Cleanup = struct('cleanup', {
  routine: i32('what is called: an index of the table'),
  argument: i32('what it gets'),
  next: i32('the one that was pushed before it, or 0'),
  reserved: i32('room'),
})

/** What a thread that shares carriers takes along to another one, in the room of its record: see ult/migration.ts. */
export const Luggage = struct('luggage', {
  block: i32('its block, or 0; written by the carrier that it leaves, as all of this'),
  stack: i32('its stack pointer'),
  locals: i32('its thread-local base'),
  bytes: i32('of its frames'),
  result: i32('what the import returns that it is in'),
  frames: i32('where they are in user memory; 0: at the low end of its stack'),
})

/** The value of `guard`. */
export const GUARD = 0x5afe57ac

/** How many keys a program may have. */
export const KEYS = 1024

/**
 * Stacks of C, bytes: the smallest that can be asked for, and what a thread has that asks for nothing. On it lie only variables whose address is
 * taken, arrays, and what printf needs; all else is on the engine's.
 */
export const STACK_MIN = 2048, STACK_DEFAULT = 128 * 1024
