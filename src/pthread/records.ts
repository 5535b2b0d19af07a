// The objects of POSIX as they lie in memory, a C program's or our own.  All bytes 0 is a valid object with
// default attributes: what PTHREAD_MUTEX_INITIALIZER and its kin write.

import { bytes, i32, struct } from '../mem/struct.ts'

/** pthread_mutex_t */
export const Mutex = struct('mutex', {
  word: i32('0 free, 1 held, 2 held and somebody may sleep; a futex word'),
  owner: i32('tid of the holder; written by the holder after it acquired, cleared before it releases'),
  type: i32('0 normal, 1 recursive, 2 errorcheck'),
  depth: i32('recursive: how many more unlocks are due; written by the holder'),
  reserved: bytes(16, 'robust list, protocol and ceiling'),
})

/** pthread_mutexattr_t */
export const MutexAttr = struct('mutexattr', {
  type: i32('type of the mutex to be'),
  reserved: i32('protocol, robustness, sharing'),
})

/** pthread_cond_t */
export const Cond = struct('cond', {
  word: i32('counts signals and broadcasts; a futex word'),
  mutex: i32('address of the mutex of the latest waiter, in the same memory; 0: nobody has waited'),
  clock: i32('clock of timed waits: 0 CLOCK_REALTIME, 1 CLOCK_MONOTONIC'),
  reserved: i32('room'),
})

/** pthread_condattr_t */
export const CondAttr = struct('condattr', {
  clock: i32('clock of timed waits: 0 CLOCK_REALTIME, 1 CLOCK_MONOTONIC'),
  reserved: i32('sharing'),
})

/** sem_t */
export const Sem = struct('sem', {
  value: i32('how many waits will not block; a futex word'),
  reserved: i32('room'),
})

/** pthread_once_t */
export const Once = struct('once', {
  state: i32('0 not yet, 1 the routine runs, 2 done; a futex word'),
  runner: i32('tid of the thread that runs the routine'),
})

/** pthread_attr_t */
export const Attr = struct('attr', {
  initialized: i32('1 after pthread_attr_init'),
  detached: i32('0 joinable, 1 detached'),
  stack: i32('stack size in bytes; 0: the host\'s default'),
  heap: i32('heap limit in MiB; 0: the host\'s default'),
  reserved: bytes(48, 'guard size, scope, scheduling'),
})
