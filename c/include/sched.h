#ifndef _SCHED_H
#define _SCHED_H

#define __NEED_struct_timespec
#define __NEED_pid_t
#define __NEED_time_t
#define __NEED_size_t
#include <bits/alltypes.h>
#include <bits/pthreads.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sched_param { int sched_priority; int __reserved; };

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2

int sched_yield(void) __asm__("__pthreads_sched_yield") __PTHREADS_IMPORT(sched_yield);
int sched_get_priority_max(int);
int sched_get_priority_min(int);
int sched_getparam(pid_t, struct sched_param *);
int sched_setparam(pid_t, const struct sched_param *);
int sched_getscheduler(pid_t);
int sched_setscheduler(pid_t, int, const struct sched_param *);
int sched_rr_get_interval(pid_t, struct timespec *);

#ifdef __cplusplus
}
#endif

#endif
