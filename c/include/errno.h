#ifndef _ERRNO_H
#define _ERRNO_H

#include <__errno_values.h>

#ifdef __cplusplus
extern "C" {
#endif

/* errno is each thread's own: see c/src/errno.c */
int *__errno_location(void);
#define errno (*__errno_location())

#ifdef __cplusplus
}
#endif

#endif
