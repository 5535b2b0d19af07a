// The library under its POSIX names, on (memory, address).  Every function returns 0 or an error number, as
// POSIX says.  Programs import it as `pthreads/posix` (api/posix.ts).

export type { Address, Memory } from '../mem/memory.ts'
export { CLOCK_MONOTONIC, CLOCK_REALTIME, type Clock } from '../kernel/clock.ts'
export * from '../kernel/errno.ts'
export * from './attr.ts'
export { pthread_cond_broadcast, pthread_cond_clockwait, pthread_cond_destroy, pthread_cond_init, pthread_cond_signal, pthread_cond_timedwait, pthread_cond_wait } from './cond.ts'
export {
  PTHREAD_CANCEL_ASYNCHRONOUS, PTHREAD_CANCEL_DEFERRED, PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE, PTHREAD_CANCELED, pthread_cancel, pthread_setcancelstate,
  pthread_setcanceltype, pthread_testcancel,
} from './cancel.ts'
export { pthread_cleanup_pop, pthread_cleanup_push } from './cleanup.ts'
export { clock_getres, clock_gettime, CLOCK_PROCESS_CPUTIME_ID, clock_settime, CLOCK_THREAD_CPUTIME_ID } from './clock.ts'
export type { Handler, SigInfo } from './deliver.ts'
export type { Entry } from './entry.ts'
export { pthread_exit } from './exit.ts'
export { pthread_getspecific, pthread_key_create, pthread_key_delete, pthread_setspecific, PTHREAD_DESTRUCTOR_ITERATIONS, PTHREAD_KEYS_MAX, type Destructor } from './key.ts'
export {
  pthread_mutex_clocklock, pthread_mutex_destroy, PTHREAD_MUTEX_DEFAULT, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_init, pthread_mutex_lock, PTHREAD_MUTEX_NORMAL,
  PTHREAD_MUTEX_RECURSIVE, pthread_mutex_timedlock, pthread_mutex_trylock, pthread_mutex_unlock,
} from './mutex.ts'
export { pthread_once } from './once.ts'
export { sem_clockwait, sem_destroy, sem_getvalue, sem_init, sem_post, sem_timedwait, sem_trywait, sem_wait, SEM_VALUE_MAX } from './sem.ts'
export { pthread_create, pthread_detach, pthread_equal, pthread_join, pthread_self, pthread_timedjoin_np } from './thread.ts'
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

export { Attr, Cond, CondAttr, Mutex, MutexAttr, Once, Sem } from './records.ts'
