// The objects of POSIX as they lie in memory, a C program's or our own.  All bytes 0 is a valid object with
// default attributes: what PTHREAD_MUTEX_INITIALIZER and its kin write.

import { bytes, i32, struct } from '../mem/struct.ts'

/** pthread_mutex_t */
export const Mutex = struct('mutex', {
  word: i32('plain: 0 free, 1 held, 2 held and somebody may sleep; robust and priority types: see robust.ts; a futex word'),
  owner: i32('tid of the holder; written by the holder after it acquired, cleared before it releases'),
  type: i32('0 normal, 1 recursive, 2 errorcheck; bits: 16 robust, 32 priority inheritance, 64 priority ceiling'),
  depth: i32('recursive: how many more unlocks are due; robust and priority types: the sign bit is set while held; written by the holder'),
  next: i32('robust and priority types: the mutex that the holder had locked before, or 0; written by the holder'),
  prev: i32('the mutex that the holder locked after it, or 0; written by the holder'),
  inconsistent: i32('robust: 1 from EOWNERDEAD to pthread_mutex_consistent; written by the holder'),
  ceiling: i32('priority ceiling; written by the holder'),
})

/** pthread_mutexattr_t */
export const MutexAttr = struct('mutexattr', {
  type: i32('type of the mutex to be'),
  robust: i32('0 stalled, 1 robust'),
  protocol: i32('0 none, 1 inherit, 2 protect'),
  ceiling: i32('priority ceiling, 1 to 99; 0 stands for 1'),
  pshared: i32('0 private, 1 shared: both work between all threads and programs that share the memory'),
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
  pshared: i32('0 private, 1 shared: both work between all threads and programs that share the memory'),
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

/** struct sched_param */
export const SchedParam = struct('sched_param', {
  priority: i32('sched_priority'),
})

/** pthread_attr_t */
export const Attr = struct('attr', {
  initialized: i32('1 after pthread_attr_init'),
  detached: i32('0 joinable, 1 detached'),
  stack: i32('stack size in bytes; 0: the host\'s default'),
  heap: i32('heap limit in MiB; 0: the host\'s default'),
  guard: i32('guard size in bytes; recorded, Workers guard their stacks themselves'),
  inherit: i32('0 policy and priority are the creator\'s, 1 those below'),
  policy: i32('scheduling policy: 0 other, 1 fifo, 2 round robin'),
  priority: i32('scheduling priority'),
  scope: i32('0 system'),
  stackAddress: i32('address of a stack given by the program, or 0'),
  reserved: bytes(24, 'room'),
})
