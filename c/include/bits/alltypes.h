/* The C library's types, and the thread types, which are records of the thread library (bits/pthreads.h). */
#include <bits/pthreads.h>
#if defined(__NEED_pthread_t) && !defined(__DEFINED_pthread_t)
typedef unsigned long pthread_t;
#define __DEFINED_pthread_t
#endif
#if defined(__NEED_pthread_attr_t) && !defined(__DEFINED_pthread_attr_t)
typedef struct { int __i[__PTHREADS_ATTR_SIZE / 4]; } pthread_attr_t;
#define __DEFINED_pthread_attr_t
#endif
#if defined(__NEED_pthread_mutex_t) && !defined(__DEFINED_pthread_mutex_t)
typedef struct { int __i[__PTHREADS_MUTEX_SIZE / 4]; } pthread_mutex_t;
#define __DEFINED_pthread_mutex_t
#endif
#if defined(__NEED_pthread_mutexattr_t) && !defined(__DEFINED_pthread_mutexattr_t)
typedef struct { int __i[__PTHREADS_MUTEXATTR_SIZE / 4]; } pthread_mutexattr_t;
#define __DEFINED_pthread_mutexattr_t
#endif
#if defined(__NEED_pthread_cond_t) && !defined(__DEFINED_pthread_cond_t)
typedef struct { int __i[__PTHREADS_COND_SIZE / 4]; } pthread_cond_t;
#define __DEFINED_pthread_cond_t
#endif
#if defined(__NEED_pthread_condattr_t) && !defined(__DEFINED_pthread_condattr_t)
typedef struct { int __i[__PTHREADS_CONDATTR_SIZE / 4]; } pthread_condattr_t;
#define __DEFINED_pthread_condattr_t
#endif
#if defined(__NEED_pthread_rwlock_t) && !defined(__DEFINED_pthread_rwlock_t)
typedef struct { int __i[__PTHREADS_RWLOCK_SIZE / 4]; } pthread_rwlock_t;
#define __DEFINED_pthread_rwlock_t
#endif
#if defined(__NEED_pthread_rwlockattr_t) && !defined(__DEFINED_pthread_rwlockattr_t)
typedef struct { int __i[__PTHREADS_RWLOCKATTR_SIZE / 4]; } pthread_rwlockattr_t;
#define __DEFINED_pthread_rwlockattr_t
#endif
#if defined(__NEED_pthread_barrier_t) && !defined(__DEFINED_pthread_barrier_t)
typedef struct { int __i[__PTHREADS_BARRIER_SIZE / 4]; } pthread_barrier_t;
#define __DEFINED_pthread_barrier_t
#endif
#if defined(__NEED_pthread_barrierattr_t) && !defined(__DEFINED_pthread_barrierattr_t)
typedef struct { int __i[__PTHREADS_BARRIERATTR_SIZE / 4]; } pthread_barrierattr_t;
#define __DEFINED_pthread_barrierattr_t
#endif
#if defined(__NEED_pthread_spinlock_t) && !defined(__DEFINED_pthread_spinlock_t)
typedef struct { int __i[__PTHREADS_SPINLOCK_SIZE / 4]; } pthread_spinlock_t;
#define __DEFINED_pthread_spinlock_t
#endif
/* No structure: programs assign PTHREAD_ONCE_INIT. */
#if defined(__NEED_pthread_once_t) && !defined(__DEFINED_pthread_once_t)
typedef unsigned long long pthread_once_t;
#define __DEFINED_pthread_once_t
#endif
#if defined(__NEED_pthread_key_t) && !defined(__DEFINED_pthread_key_t)
typedef unsigned pthread_key_t;
#define __DEFINED_pthread_key_t
#endif
#if defined(__NEED_pid_t) && !defined(__DEFINED_pid_t)
typedef int pid_t;
#define __DEFINED_pid_t
#endif
#if defined(__NEED_timer_t) && !defined(__DEFINED_timer_t)
typedef int timer_t;
#define __DEFINED_timer_t
#endif
#include_next <bits/alltypes.h>
