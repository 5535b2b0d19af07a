#include_next <sys/stat.h>

#ifndef _PTHREADS_SYS_STAT_H
#define _PTHREADS_SYS_STAT_H

#define __NEED_mode_t
#include <bits/alltypes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -1: ENOSYS. */
int chmod(const char *, mode_t);
int fchmod(int, mode_t);

#ifdef __cplusplus
}
#endif

#endif
