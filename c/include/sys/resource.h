#ifndef _WASI_EMULATED_PROCESS_CLOCKS
#define _WASI_EMULATED_PROCESS_CLOCKS
#endif
#include_next <sys/resource.h>

#ifndef _PTHREADS_SYS_RESOURCE_H
#define _PTHREADS_SYS_RESOURCE_H

#define __NEED_id_t
#include <bits/alltypes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RUSAGE_THREAD 3

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2

/* -1: ENOSYS; threads have priorities, see pthread_setschedparam. */
int getpriority(int, id_t);
int setpriority(int, id_t, int);

#ifdef __cplusplus
}
#endif

#endif
