#ifndef _PTHREAD_H
#define _PTHREAD_H

#include <features.h>
#define __NEED_time_t
#define __NEED_clockid_t
#define __NEED_struct_timespec
#define __NEED_sigset_t
#define __NEED_size_t
#define __NEED_pthread_t
#define __NEED_pthread_attr_t
#define __NEED_pthread_mutex_t
#define __NEED_pthread_mutexattr_t
#define __NEED_pthread_cond_t
#define __NEED_pthread_condattr_t
#define __NEED_pthread_rwlock_t
#define __NEED_pthread_rwlockattr_t
#define __NEED_pthread_barrier_t
#define __NEED_pthread_barrierattr_t
#define __NEED_pthread_spinlock_t
#define __NEED_pthread_once_t
#define __NEED_pthread_key_t
#include <bits/alltypes.h>
#include <sched.h>
#include <time.h>
#include <bits/pthreads.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1
#define PTHREAD_MUTEX_NORMAL 0
#define PTHREAD_MUTEX_DEFAULT 0
#define PTHREAD_MUTEX_RECURSIVE 1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_MUTEX_STALLED 0
#define PTHREAD_MUTEX_ROBUST 1
#define PTHREAD_PRIO_NONE 0
#define PTHREAD_PRIO_INHERIT 1
#define PTHREAD_PRIO_PROTECT 2
#define PTHREAD_INHERIT_SCHED 0
#define PTHREAD_EXPLICIT_SCHED 1
#define PTHREAD_SCOPE_SYSTEM 0
#define PTHREAD_SCOPE_PROCESS 1
#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED 1
#define PTHREAD_RWLOCK_PREFER_WRITER_NP 0
#define PTHREAD_RWLOCK_PREFER_READER_NP 1
#define PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP 2
#define PTHREAD_CANCEL_ENABLE 0
#define PTHREAD_CANCEL_DISABLE 1
#define PTHREAD_CANCEL_DEFERRED 0
#define PTHREAD_CANCEL_ASYNCHRONOUS 1
#define PTHREAD_CANCELED ((void *)-1)
#define PTHREAD_BARRIER_SERIAL_THREAD (-1)
#define PTHREAD_NULL ((pthread_t)0)

#define PTHREAD_MUTEX_INITIALIZER { { 0 } }
#define PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP { { 0, 0, PTHREAD_MUTEX_RECURSIVE } }
#define PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP { { 0, 0, PTHREAD_MUTEX_ERRORCHECK } }
#define PTHREAD_COND_INITIALIZER { { 0 } }
#define PTHREAD_RWLOCK_INITIALIZER { { 0 } }
#define PTHREAD_ONCE_INIT 0

#define __IMPORT __PTHREADS_IMPORT

int pthread_create(pthread_t *__restrict, const pthread_attr_t *__restrict, void *(*)(void *), void *__restrict);
int pthread_join(pthread_t, void **) __IMPORT(pthread_join);
int pthread_tryjoin_np(pthread_t, void **) __IMPORT(pthread_tryjoin_np);
int pthread_timedjoin_np(pthread_t, void **, const struct timespec *) __IMPORT(pthread_timedjoin_np);
int pthread_clockjoin_np(pthread_t, void **, clockid_t, const struct timespec *) __IMPORT(pthread_clockjoin_np);
int pthread_detach(pthread_t) __IMPORT(pthread_detach);
_Noreturn void pthread_exit(void *) __IMPORT(pthread_exit);
pthread_t pthread_self(void) __attribute__((__const__));
int pthread_equal(pthread_t, pthread_t);
#ifndef __cplusplus
#define pthread_equal(a, b) ((a) == (b))
#endif

int pthread_cancel(pthread_t) __IMPORT(pthread_cancel);
int pthread_setcancelstate(int, int *) __IMPORT(pthread_setcancelstate);
int pthread_setcanceltype(int, int *) __IMPORT(pthread_setcanceltype);
void pthread_testcancel(void) __IMPORT(pthread_testcancel);

struct __pthreads_cleanup { void (*__routine)(void *); void *__argument; struct __pthreads_cleanup *__next; int __reserved; };
void __pthreads_cleanup_push(struct __pthreads_cleanup *, void (*)(void *), void *);
void __pthreads_cleanup_pop(struct __pthreads_cleanup *, int);
#define pthread_cleanup_push(routine, arg) do { struct __pthreads_cleanup __cleanup; __pthreads_cleanup_push(&__cleanup, routine, arg)
#define pthread_cleanup_pop(execute) __pthreads_cleanup_pop(&__cleanup, execute); } while (0)

int pthread_once(pthread_once_t *, void (*)(void));
int pthread_key_create(pthread_key_t *, void (*)(void *));
int pthread_key_delete(pthread_key_t);
void *pthread_getspecific(pthread_key_t);
int pthread_setspecific(pthread_key_t, const void *);
int pthread_atfork(void (*)(void), void (*)(void), void (*)(void)) __IMPORT(pthread_atfork);

int pthread_mutex_init(pthread_mutex_t *__restrict, const pthread_mutexattr_t *__restrict) __IMPORT(pthread_mutex_init);
int pthread_mutex_destroy(pthread_mutex_t *) __IMPORT(pthread_mutex_destroy);
int pthread_mutex_lock(pthread_mutex_t *);
int pthread_mutex_trylock(pthread_mutex_t *);
int pthread_mutex_unlock(pthread_mutex_t *);
int pthread_mutex_timedlock(pthread_mutex_t *__restrict, const struct timespec *__restrict) __IMPORT(pthread_mutex_timedlock);
int pthread_mutex_clocklock(pthread_mutex_t *__restrict, clockid_t, const struct timespec *__restrict) __IMPORT(pthread_mutex_clocklock);
int pthread_mutex_consistent(pthread_mutex_t *) __IMPORT(pthread_mutex_consistent);
int pthread_mutex_getprioceiling(const pthread_mutex_t *__restrict, int *__restrict) __IMPORT(pthread_mutex_getprioceiling);
int pthread_mutex_setprioceiling(pthread_mutex_t *__restrict, int, int *__restrict) __IMPORT(pthread_mutex_setprioceiling);

int pthread_mutexattr_init(pthread_mutexattr_t *) __IMPORT(pthread_mutexattr_init);
int pthread_mutexattr_destroy(pthread_mutexattr_t *) __IMPORT(pthread_mutexattr_destroy);
int pthread_mutexattr_gettype(const pthread_mutexattr_t *__restrict, int *__restrict) __IMPORT(pthread_mutexattr_gettype);
int pthread_mutexattr_settype(pthread_mutexattr_t *, int) __IMPORT(pthread_mutexattr_settype);
int pthread_mutexattr_getrobust(const pthread_mutexattr_t *__restrict, int *__restrict) __IMPORT(pthread_mutexattr_getrobust);
int pthread_mutexattr_setrobust(pthread_mutexattr_t *, int) __IMPORT(pthread_mutexattr_setrobust);
int pthread_mutexattr_getprotocol(const pthread_mutexattr_t *__restrict, int *__restrict) __IMPORT(pthread_mutexattr_getprotocol);
int pthread_mutexattr_setprotocol(pthread_mutexattr_t *, int) __IMPORT(pthread_mutexattr_setprotocol);
int pthread_mutexattr_getprioceiling(const pthread_mutexattr_t *__restrict, int *__restrict) __IMPORT(pthread_mutexattr_getprioceiling);
int pthread_mutexattr_setprioceiling(pthread_mutexattr_t *, int) __IMPORT(pthread_mutexattr_setprioceiling);
int pthread_mutexattr_getpshared(const pthread_mutexattr_t *__restrict, int *__restrict) __IMPORT(pthread_mutexattr_getpshared);
int pthread_mutexattr_setpshared(pthread_mutexattr_t *, int) __IMPORT(pthread_mutexattr_setpshared);

int pthread_cond_init(pthread_cond_t *__restrict, const pthread_condattr_t *__restrict) __IMPORT(pthread_cond_init);
int pthread_cond_destroy(pthread_cond_t *) __IMPORT(pthread_cond_destroy);
int pthread_cond_wait(pthread_cond_t *__restrict, pthread_mutex_t *__restrict) __IMPORT(pthread_cond_wait);
int pthread_cond_timedwait(pthread_cond_t *__restrict, pthread_mutex_t *__restrict, const struct timespec *__restrict) __IMPORT(pthread_cond_timedwait);
int pthread_cond_clockwait(pthread_cond_t *__restrict, pthread_mutex_t *__restrict, clockid_t, const struct timespec *__restrict) __IMPORT(pthread_cond_clockwait);
int pthread_cond_signal(pthread_cond_t *) __IMPORT(pthread_cond_signal);
int pthread_cond_broadcast(pthread_cond_t *) __IMPORT(pthread_cond_broadcast);
int pthread_condattr_init(pthread_condattr_t *) __IMPORT(pthread_condattr_init);
int pthread_condattr_destroy(pthread_condattr_t *) __IMPORT(pthread_condattr_destroy);
int pthread_condattr_getclock(const pthread_condattr_t *__restrict, clockid_t *__restrict) __IMPORT(pthread_condattr_getclock);
int pthread_condattr_setclock(pthread_condattr_t *, clockid_t) __IMPORT(pthread_condattr_setclock);
int pthread_condattr_getpshared(const pthread_condattr_t *__restrict, int *__restrict) __IMPORT(pthread_condattr_getpshared);
int pthread_condattr_setpshared(pthread_condattr_t *, int) __IMPORT(pthread_condattr_setpshared);

int pthread_rwlock_init(pthread_rwlock_t *__restrict, const pthread_rwlockattr_t *__restrict) __IMPORT(pthread_rwlock_init);
int pthread_rwlock_destroy(pthread_rwlock_t *) __IMPORT(pthread_rwlock_destroy);
int pthread_rwlock_rdlock(pthread_rwlock_t *) __IMPORT(pthread_rwlock_rdlock);
int pthread_rwlock_tryrdlock(pthread_rwlock_t *) __IMPORT(pthread_rwlock_tryrdlock);
int pthread_rwlock_timedrdlock(pthread_rwlock_t *__restrict, const struct timespec *__restrict) __IMPORT(pthread_rwlock_timedrdlock);
int pthread_rwlock_clockrdlock(pthread_rwlock_t *__restrict, clockid_t, const struct timespec *__restrict) __IMPORT(pthread_rwlock_clockrdlock);
int pthread_rwlock_wrlock(pthread_rwlock_t *) __IMPORT(pthread_rwlock_wrlock);
int pthread_rwlock_trywrlock(pthread_rwlock_t *) __IMPORT(pthread_rwlock_trywrlock);
int pthread_rwlock_timedwrlock(pthread_rwlock_t *__restrict, const struct timespec *__restrict) __IMPORT(pthread_rwlock_timedwrlock);
int pthread_rwlock_clockwrlock(pthread_rwlock_t *__restrict, clockid_t, const struct timespec *__restrict) __IMPORT(pthread_rwlock_clockwrlock);
int pthread_rwlock_unlock(pthread_rwlock_t *) __IMPORT(pthread_rwlock_unlock);
int pthread_rwlockattr_init(pthread_rwlockattr_t *) __IMPORT(pthread_rwlockattr_init);
int pthread_rwlockattr_destroy(pthread_rwlockattr_t *) __IMPORT(pthread_rwlockattr_destroy);
int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t *__restrict, int *__restrict) __IMPORT(pthread_rwlockattr_getpshared);
int pthread_rwlockattr_setpshared(pthread_rwlockattr_t *, int) __IMPORT(pthread_rwlockattr_setpshared);
int pthread_rwlockattr_getkind_np(const pthread_rwlockattr_t *__restrict, int *__restrict) __IMPORT(pthread_rwlockattr_getkind_np);
int pthread_rwlockattr_setkind_np(pthread_rwlockattr_t *, int) __IMPORT(pthread_rwlockattr_setkind_np);

int pthread_barrier_init(pthread_barrier_t *__restrict, const pthread_barrierattr_t *__restrict, unsigned) __IMPORT(pthread_barrier_init);
int pthread_barrier_destroy(pthread_barrier_t *) __IMPORT(pthread_barrier_destroy);
int pthread_barrier_wait(pthread_barrier_t *) __IMPORT(pthread_barrier_wait);
int pthread_barrierattr_init(pthread_barrierattr_t *) __IMPORT(pthread_barrierattr_init);
int pthread_barrierattr_destroy(pthread_barrierattr_t *) __IMPORT(pthread_barrierattr_destroy);
int pthread_barrierattr_getpshared(const pthread_barrierattr_t *__restrict, int *__restrict) __IMPORT(pthread_barrierattr_getpshared);
int pthread_barrierattr_setpshared(pthread_barrierattr_t *, int) __IMPORT(pthread_barrierattr_setpshared);

int pthread_spin_init(pthread_spinlock_t *, int) __IMPORT(pthread_spin_init);
int pthread_spin_destroy(pthread_spinlock_t *) __IMPORT(pthread_spin_destroy);
int pthread_spin_lock(pthread_spinlock_t *);
int pthread_spin_trylock(pthread_spinlock_t *);
int pthread_spin_unlock(pthread_spinlock_t *);

int pthread_attr_init(pthread_attr_t *) __IMPORT(pthread_attr_init);
int pthread_attr_destroy(pthread_attr_t *) __IMPORT(pthread_attr_destroy);
int pthread_attr_getdetachstate(const pthread_attr_t *, int *) __IMPORT(pthread_attr_getdetachstate);
int pthread_attr_setdetachstate(pthread_attr_t *, int) __IMPORT(pthread_attr_setdetachstate);
int pthread_attr_getguardsize(const pthread_attr_t *__restrict, size_t *__restrict) __IMPORT(pthread_attr_getguardsize);
int pthread_attr_setguardsize(pthread_attr_t *, size_t) __IMPORT(pthread_attr_setguardsize);
int pthread_attr_getinheritsched(const pthread_attr_t *__restrict, int *__restrict) __IMPORT(pthread_attr_getinheritsched);
int pthread_attr_setinheritsched(pthread_attr_t *, int) __IMPORT(pthread_attr_setinheritsched);
int pthread_attr_getschedparam(const pthread_attr_t *__restrict, struct sched_param *__restrict) __IMPORT(pthread_attr_getschedparam);
int pthread_attr_setschedparam(pthread_attr_t *__restrict, const struct sched_param *__restrict) __IMPORT(pthread_attr_setschedparam);
int pthread_attr_getschedpolicy(const pthread_attr_t *__restrict, int *__restrict) __IMPORT(pthread_attr_getschedpolicy);
int pthread_attr_setschedpolicy(pthread_attr_t *, int) __IMPORT(pthread_attr_setschedpolicy);
int pthread_attr_getscope(const pthread_attr_t *__restrict, int *__restrict) __IMPORT(pthread_attr_getscope);
int pthread_attr_setscope(pthread_attr_t *, int) __IMPORT(pthread_attr_setscope);
int pthread_attr_getstack(const pthread_attr_t *__restrict, void **__restrict, size_t *__restrict) __IMPORT(pthread_attr_getstack);
int pthread_attr_setstack(pthread_attr_t *, void *, size_t) __IMPORT(pthread_attr_setstack);
int pthread_attr_getstacksize(const pthread_attr_t *__restrict, size_t *__restrict) __IMPORT(pthread_attr_getstacksize);
int pthread_attr_setstacksize(pthread_attr_t *, size_t) __IMPORT(pthread_attr_setstacksize);
int pthread_getattr_np(pthread_t, pthread_attr_t *) __IMPORT(pthread_getattr_np);

int pthread_getschedparam(pthread_t, int *__restrict, struct sched_param *__restrict) __IMPORT(pthread_getschedparam);
int pthread_setschedparam(pthread_t, int, const struct sched_param *) __IMPORT(pthread_setschedparam);
int pthread_setschedprio(pthread_t, int) __IMPORT(pthread_setschedprio);
int pthread_getcpuclockid(pthread_t, clockid_t *) __IMPORT(pthread_getcpuclockid);
int pthread_getconcurrency(void) __IMPORT(pthread_getconcurrency);
int pthread_setconcurrency(int) __IMPORT(pthread_setconcurrency);
int pthread_setname_np(pthread_t, const char *) __IMPORT(pthread_setname_np);
int pthread_getname_np(pthread_t, char *, size_t) __IMPORT(pthread_getname_np);

#undef __IMPORT

#ifdef __cplusplus
}
#endif

#endif
