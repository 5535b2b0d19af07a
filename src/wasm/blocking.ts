// The imports that may block their thread: where Asyncify makes a stack that can be taken down.  All others return, or throw, without
// that another thread has run on the carrier.

import { LOOK, PREEMPT } from './preemption.ts'
import { FUTEX } from './transform.ts'

const LIBRARY = [
  'pthread_mutex_lock', 'pthread_mutex_timedlock', 'pthread_mutex_clocklock', 'pthread_mutex_setprioceiling',
  'pthread_cond_wait', 'pthread_cond_timedwait', 'pthread_cond_clockwait',
  'pthread_rwlock_rdlock', 'pthread_rwlock_timedrdlock', 'pthread_rwlock_clockrdlock', 'pthread_rwlock_wrlock', 'pthread_rwlock_timedwrlock',
  'pthread_rwlock_clockwrlock',
  'pthread_barrier_wait', 'pthread_barrier_destroy', 'pthread_spin_lock', 'sem_wait', 'sem_timedwait', 'sem_clockwait',
  'pthread_join', 'pthread_timedjoin_np', 'pthread_clockjoin_np', 'pthread_once', 'call',
  'sigwait', 'sigwaitinfo', 'sigtimedwait', 'sigsuspend', 'pause', 'nanosleep', 'clock_nanosleep', 'sched_yield', 'libc_lock', 'poll',
  'port_send', 'port_timedsend', 'port_do', 'port_timeddo', 'port_wait', 'port_timedwait', 'port_forward',
]

// Of WASI: sleeps, and what the I/O thread does.
const WASI = [
  'sched_yield', 'poll_oneoff', 'fd_advise', 'fd_allocate', 'fd_close', 'fd_datasync', 'fd_fdstat_get', 'fd_fdstat_set_flags', 'fd_fdstat_set_rights',
  'fd_filestat_get', 'fd_filestat_set_size', 'fd_filestat_set_times', 'fd_pread', 'fd_prestat_get', 'fd_prestat_dir_name', 'fd_pwrite', 'fd_read',
  'fd_readdir', 'fd_renumber', 'fd_seek', 'fd_sync', 'fd_tell', 'fd_write', 'path_create_directory', 'path_filestat_get', 'path_filestat_set_times',
  'path_link', 'path_open', 'path_readlink', 'path_remove_directory', 'path_rename', 'path_symlink', 'path_unlink_file', 'sock_accept', 'sock_recv',
  'sock_send', 'sock_shutdown',
]

/** The module of WASI's imports. */
export const WASI_MODULE = 'wasi_snapshot_preview1'

/** Them all, as module.name. */
export const BLOCKING: readonly string[] = [
  ...LIBRARY.map(name => `pthreads.${name}`), ...WASI.map(name => `${WASI_MODULE}.${name}`), `${FUTEX}.wait32`, `${FUTEX}.wait64`, `${PREEMPT}.${LOOK}`,
]
