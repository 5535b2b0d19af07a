// The library under its POSIX names, on (memory, address).  Every function returns 0 or an error number, as
// POSIX says.  Programs import it as `pthreads/posix` (api/posix.ts).

export type { Address, Memory } from '../mem/memory.ts'
export { CLOCK_MONOTONIC, CLOCK_REALTIME, type Clock } from '../kernel/clock.ts'
export * from '../kernel/errno.ts'
export * from './attr.ts'
export {
  pthread_barrier_destroy, pthread_barrier_init, PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait, pthread_barrierattr_destroy,
  pthread_barrierattr_getpshared, pthread_barrierattr_init, pthread_barrierattr_setpshared,
} from './barrier.ts'
export { pthread_cond_broadcast, pthread_cond_clockwait, pthread_cond_destroy, pthread_cond_init, pthread_cond_signal, pthread_cond_timedwait, pthread_cond_wait } from './cond.ts'
export type { Entry } from './entry.ts'
export { pthread_exit } from './exit.ts'
export { pthread_getspecific, pthread_key_create, pthread_key_delete, pthread_setspecific, PTHREAD_DESTRUCTOR_ITERATIONS, PTHREAD_KEYS_MAX, type Destructor } from './key.ts'
export {
  pthread_mutex_clocklock, pthread_mutex_destroy, PTHREAD_MUTEX_DEFAULT, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_init, pthread_mutex_lock, PTHREAD_MUTEX_NORMAL,
  PTHREAD_MUTEX_RECURSIVE, pthread_mutex_timedlock, pthread_mutex_trylock, pthread_mutex_unlock,
} from './mutex.ts'
export { pthread_once } from './once.ts'
export { PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED } from './pshared.ts'
export {
  pthread_rwlock_clockrdlock, pthread_rwlock_clockwrlock, PTHREAD_RWLOCK_DEFAULT_NP, pthread_rwlock_destroy, pthread_rwlock_init,
  PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP, pthread_rwlock_rdlock,
  pthread_rwlock_timedrdlock, pthread_rwlock_timedwrlock, pthread_rwlock_tryrdlock, pthread_rwlock_trywrlock, pthread_rwlock_unlock,
  pthread_rwlock_wrlock,
} from './rwlock.ts'
export * from './rwlockattr.ts'
export { sem_clockwait, sem_destroy, sem_getvalue, sem_init, sem_post, sem_timedwait, sem_trywait, sem_wait, SEM_VALUE_MAX } from './sem.ts'
export { NAME_MAX, O_CREAT, O_EXCL, sem_close, sem_open, sem_unlink } from './sem-open.ts'
export { pthread_spin_destroy, pthread_spin_init, pthread_spin_lock, pthread_spin_trylock, pthread_spin_unlock } from './spin.ts'
export { pthread_create, pthread_detach, pthread_equal, pthread_join, pthread_self, pthread_timedjoin_np } from './thread.ts'
export type { Timespec } from './timespec.ts'

export { Attr, Barrier, BarrierAttr, Cond, CondAttr, Mutex, MutexAttr, Once, Rwlock, RwlockAttr, Sem, Spinlock } from './records.ts'
