#ifndef _PTHREADS_TIME_H
#define _PTHREADS_TIME_H

#ifndef _WASI_EMULATED_PROCESS_CLOCKS
#define _WASI_EMULATED_PROCESS_CLOCKS
#endif
#define __NEED_pid_t
#define __NEED_timer_t
#define __NEED_clockid_t
#include <bits/alltypes.h>
#include_next <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sigevent;
int clock_settime(clockid_t, const struct timespec *);
int clock_getcpuclockid(pid_t, clockid_t *);
int timer_create(clockid_t, struct sigevent *__restrict, timer_t *__restrict);
int timer_delete(timer_t);
int timer_settime(timer_t, int, const struct itimerspec *__restrict, struct itimerspec *__restrict);
int timer_gettime(timer_t, struct itimerspec *);
int timer_getoverrun(timer_t);

#ifdef __cplusplus
}
#endif

#endif
