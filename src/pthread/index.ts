// The library under its POSIX names, on (memory, address).  Every function returns 0 or an error number, as
// POSIX says.  Programs import it as `pthreads/posix` (api/posix.ts).

export type { Address, Memory } from '../mem/memory.ts'
export { CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID, type Clock } from '../kernel/clock.ts'
export * from '../kernel/errno.ts'
export { pthread_getaffinity_np, pthread_setaffinity_np } from './affinity.ts'
export { pthread_atfork } from './atfork.ts'
export * from './attr.ts'
export {
  pthread_barrier_destroy, pthread_barrier_init, PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait, pthread_barrierattr_destroy,
  pthread_barrierattr_getpshared, pthread_barrierattr_init, pthread_barrierattr_setpshared,
} from './barrier.ts'
export { pthread_mutex_getprioceiling, pthread_mutex_setprioceiling } from './ceiling.ts'
export { CPU_SETSIZE, HEAP_MIN, PTHREAD_STACK_MAX, PTHREAD_STACK_MIN, STACK_DEFAULT } from './limits.ts'
export { pthread_cond_broadcast, pthread_cond_clockwait, pthread_cond_destroy, pthread_cond_init, pthread_cond_signal, pthread_cond_timedwait, pthread_cond_wait } from './cond.ts'
export {
  PTHREAD_CANCEL_ASYNCHRONOUS, PTHREAD_CANCEL_DEFERRED, PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE, PTHREAD_CANCELED, pthread_cancel, pthread_setcancelstate,
  pthread_setcanceltype, pthread_testcancel,
} from './cancel.ts'
export { pthread_cleanup_pop, pthread_cleanup_push } from './cleanup.ts'
export { clock_getres, clock_gettime, clock_settime } from './clock.ts'
export type { Handler, SigInfo } from './deliver.ts'
export {
  pthread_condattr_destroy, pthread_condattr_getclock, pthread_condattr_getpshared, pthread_condattr_init, pthread_condattr_setclock,
  pthread_condattr_setpshared,
} from './condattr.ts'
export { clock_getcpuclockid, pthread_getcpuclockid } from './cpuclock.ts'
export type { Entry } from './entry.ts'
export { pthread_exit } from './exit.ts'
export { pthread_getspecific, pthread_key_create, pthread_key_delete, pthread_setspecific, PTHREAD_DESTRUCTOR_ITERATIONS, PTHREAD_KEYS_MAX, type Destructor } from './key.ts'
export {
  pthread_mutex_clocklock, pthread_mutex_destroy, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_timedlock, pthread_mutex_trylock, pthread_mutex_unlock,
} from './mutex.ts'
export {
  pthread_mutexattr_destroy, pthread_mutexattr_getprioceiling, pthread_mutexattr_getprotocol, pthread_mutexattr_getpshared, pthread_mutexattr_getrobust,
  pthread_mutexattr_gettype, pthread_mutexattr_init, pthread_mutexattr_setprioceiling, pthread_mutexattr_setprotocol, pthread_mutexattr_setpshared,
  pthread_mutexattr_setrobust, pthread_mutexattr_settype,
} from './mutexattr.ts'
export {
  PTHREAD_MUTEX_DEFAULT, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_STALLED,
  PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_NONE, PTHREAD_PRIO_PROTECT,
} from './mutextype.ts'
export { pthread_getname_np, pthread_setname_np } from './name.ts'
export { pthread_once } from './once.ts'
export { PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED } from './pshared.ts'
export { pthread_mutex_consistent } from './robust.ts'
export {
  pthread_rwlock_clockrdlock, pthread_rwlock_clockwrlock, PTHREAD_RWLOCK_DEFAULT_NP, pthread_rwlock_destroy, pthread_rwlock_init,
  PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP, pthread_rwlock_rdlock,
  pthread_rwlock_timedrdlock, pthread_rwlock_timedwrlock, pthread_rwlock_tryrdlock, pthread_rwlock_trywrlock, pthread_rwlock_unlock,
  pthread_rwlock_wrlock,
} from './rwlock.ts'
export {
  pthread_rwlockattr_destroy, pthread_rwlockattr_getkind_np, pthread_rwlockattr_getpshared, pthread_rwlockattr_init, pthread_rwlockattr_setkind_np,
  pthread_rwlockattr_setpshared,
} from './rwlockattr.ts'
export {
  pthread_getconcurrency, pthread_getschedparam, pthread_setconcurrency, pthread_setschedparam, pthread_setschedprio, PTHREAD_EXPLICIT_SCHED,
  PTHREAD_INHERIT_SCHED, SCHED_FIFO, sched_get_priority_max, sched_get_priority_min, sched_getparam, sched_getscheduler, SCHED_OTHER, SCHED_RR,
  sched_rr_get_interval, sched_setparam, sched_setscheduler, sched_yield,
} from './sched.ts'
export { sem_clockwait, sem_destroy, sem_getvalue, sem_init, sem_post, sem_timedwait, sem_trywait, sem_wait, SEM_VALUE_MAX } from './sem.ts'
export * from './sigaction.ts'
export { kill, pthread_kill, pthread_sigmask, pthread_sigqueue, raise, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, sigpending, sigprocmask, sigqueue } from './signal.ts'
export { SI_QUEUE, SI_TIMER, SI_TKILL, SI_USER } from '../kernel/signal-queue.ts'
export {
  SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGKILL, SIGPIPE, SIGPOLL, SIGPROF, SIGPWR, SIGQUIT, SIGRTMAX, SIGRTMIN, SIGSEGV,
  SIGSTKFLT, SIGSTOP, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
} from '../kernel/signo.ts'
export { sigaddset, sigdelset, sigemptyset, sigfillset, sigismember, SigSet } from './sigset.ts'
export { pause, sigsuspend, sigtimedwait, sigwait, sigwaitinfo } from './sigwait.ts'
export { clock_nanosleep, nanosleep, sleep, TIMER_ABSTIME, usleep } from './sleep.ts'
export {
  alarm, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID, timer_create, timer_delete, timer_getoverrun, timer_gettime, timer_settime, type ITimerSpec,
  type MutableITimerSpec, type SigEvent,
} from './timer.ts'
export type { MutableTimespec, Timespec } from './timespec.ts'
export { NAME_MAX, O_CREAT, O_EXCL, sem_close, sem_open, sem_unlink } from './sem-open.ts'
export { pthread_spin_destroy, pthread_spin_init, pthread_spin_lock, pthread_spin_trylock, pthread_spin_unlock } from './spin.ts'
export { pthread_clockjoin_np, pthread_create, pthread_detach, pthread_equal, pthread_join, pthread_self, pthread_timedjoin_np, pthread_tryjoin_np } from './thread.ts'

export { Attr, Barrier, BarrierAttr, Cond, CondAttr, Mutex, MutexAttr, Once, Rwlock, RwlockAttr, SchedParam, Sem, Spinlock } from './records.ts'
