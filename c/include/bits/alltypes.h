/* The C library's types, and the thread types, which are records of the thread library (bits/pthreads.h). */
#if defined(__NEED_pthread_t) && !defined(__DEFINED_pthread_t)
typedef unsigned long pthread_t;
#define __DEFINED_pthread_t
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
