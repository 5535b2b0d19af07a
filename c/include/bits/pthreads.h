/* Made by scripts/header.mjs from the records and limits in src: not to be edited. */
#ifndef _BITS_PTHREADS_H
#define _BITS_PTHREADS_H

/* A function of the thread library outside the program. */
#define __PTHREADS_IMPORT(name) __attribute__((__import_module__("pthreads"), __import_name__(#name)))

#define __PTHREADS_ATTR_SIZE 72
#define __PTHREADS_MUTEX_SIZE 32
#define __PTHREADS_MUTEXATTR_SIZE 24
#define __PTHREADS_COND_SIZE 16
#define __PTHREADS_CONDATTR_SIZE 8
#define __PTHREADS_RWLOCK_SIZE 32
#define __PTHREADS_RWLOCKATTR_SIZE 8
#define __PTHREADS_BARRIER_SIZE 16
#define __PTHREADS_BARRIERATTR_SIZE 8
#define __PTHREADS_SPINLOCK_SIZE 8
#define __PTHREADS_ONCE_SIZE 8
#define __PTHREADS_SEM_SIZE 8
#define __PTHREADS_ATTR_BLOCK 40
#define __PTHREADS_MUTEX_WORD 0
#define __PTHREADS_MUTEX_OWNER 4
#define __PTHREADS_MUTEX_DEPTH 12
#define __PTHREADS_BLOCK_SIZE 32
#define __PTHREADS_CLEANUP_SIZE 16
#define __PTHREADS_GUARD 1526618028
#define __PTHREADS_KEYS 1024
#define __PTHREADS_DESTRUCTOR_ITERATIONS 4
#define __PTHREADS_SEM_VALUE_MAX 2147483647
#define __PTHREADS_STACK_MIN 2048
#define __PTHREADS_STACK_DEFAULT 131072
#define __PTHREADS_PRIORITY_MIN 1
#define __PTHREADS_PRIORITY_MAX 99

#endif
