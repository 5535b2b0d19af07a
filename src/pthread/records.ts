// The objects of POSIX as they lie in memory, a C program's or our own.  All bytes 0 is a valid object with
// default attributes: what PTHREAD_MUTEX_INITIALIZER and its kin write.

import { bytes, i32, struct } from '../mem/struct.ts'

/** pthread_mutex_t */
export const Mutex = struct('mutex', {
  word: i32('plain: 0 free, 1 held, 2 held and somebody may sleep; robust and priority types: see robust.ts; a futex word'),
  owner: i32('tid of the holder; written by the holder after it acquired, cleared before it releases'),
  type: i32('0 normal, 1 recursive, 2 errorcheck; bits: 16 robust, 32 priority inheritance, 64 priority ceiling'),
  depth: i32('recursive: how many more unlocks are due; robust and priority types: the sign bit is set while held; written by the holder'),
  next: i32('robust and priority types: link to the mutex that the holder had locked before, or 0; written by the holder'),
  prev: i32('link to the mutex that the holder locked after it, or 0; written by the holder'),
  inconsistent: i32('robust: 1 from EOWNERDEAD to pthread_mutex_consistent; written by the holder'),
  ceiling: i32('priority ceiling; written by the holder'),
})

/** pthread_mutexattr_t */
export const MutexAttr = struct('mutexattr', {
  type: i32('type of the mutex to be; -1 destroyed'),
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
  pshared: i32('0 private, 1 shared: both work between all threads and programs that share the memory; -1 destroyed'),
})

/** pthread_rwlock_t */
export const Rwlock = struct('rwlock', {
  word: i32('readers inside (15 bits), readers woken and not yet inside (13), a writer is inside, writers may sleep, readers may sleep (a bit each); a futex word'),
  owner: i32('tid of the writer inside; written by it after it acquired, cleared before it releases'),
  kind: i32('whom it prefers: 0 writers, in phases with the readers that waited, 1 readers, 2 writers always'),
  turn: i32('count of losses when the readers that are woken now were counted; written under the bucket lock'),
  claim: i32('count of losses when a writer last was about to sleep; written by it'),
  reserved: bytes(8, 'room'),
})

/** pthread_rwlockattr_t */
export const RwlockAttr = struct('rwlockattr', {
  kind: i32('kind of the lock to be'),
  pshared: i32('0 private, 1 shared between processes, -1 destroyed'),
})

/** pthread_barrier_t */
export const Barrier = struct('barrier', {
  state: i32('the round, then in as many low bits as count needs: how many have arrived; a futex word'),
  count: i32('how many threads a round is for'),
  inside: i32('threads that have arrived and not yet left; below 0: somebody waits for them to leave; a futex word'),
  reserved: i32('room'),
})

/** pthread_barrierattr_t */
export const BarrierAttr = struct('barrierattr', {
  pshared: i32('0 private, 1 shared between processes, -1 destroyed'),
  reserved: i32('room'),
})

/** pthread_spinlock_t */
export const Spinlock = struct('spinlock', {
  word: i32('tid of the holder, 0 free; below 0: held and somebody may sleep; a futex word'),
})

/** sem_t */
export const Sem = struct('sem', {
  value: i32('how many waits will not block, and the high bit: somebody may sleep; a futex word'),
  reserved: i32('room'),
})

/** A semaphore that has a name; its sem_t is the last part. */
export const NamedSem = struct('named semaphore', {
  next: i32('address of the next one, or 0; under nameLock, as all of this'),
  name: i32('address of its name, without the slash'),
  opens: i32('how often it was opened and not closed'),
  linked: i32('1 while the name leads to it'),
  sem: bytes(8, 'the semaphore'),
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
  scope: i32('0 system, 1 process'),
  stackAddress: i32('address of a stack given by the program, or 0'),
  block: i32('of a thread of C: its stack in the program\'s memory, bytes; 0: the default; written by setstacksize'),
  reserved: bytes(20, 'room'),
})
