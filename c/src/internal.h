/* What the files of the shim share. */
#pragma once

#define _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#define IMPORT(name) __PTHREADS_IMPORT(name)
#define HIDDEN __attribute__((__visibility__("hidden")))

/* A field of a record of the thread library. */
#define FIELD(record, offset) (*(int *)((char *)(record) + (offset)))

/* The calling thread: its number, as in self(). */
extern _Thread_local int __pthreads_tid HIDDEN;

/* -1 and errno, as the older interfaces of POSIX have it. */
static inline int result(int number) {
	if (number == 0) return 0;
	errno = number;
	return -1;
}

/* A lock of the C library under us: recursive, uninterrupted by signals and cancellation. Laid out as a mutex. */
struct lock { int word, owner, type, depth; };
void __pthreads_acquire(struct lock *) HIDDEN;
void __pthreads_release(struct lock *) HIDDEN;
int __pthreads_try_acquire(struct lock *) HIDDEN;

/* Makes the errno that the C library has set the calling thread's; it calls this while it still holds the lock. */
void __pthreads_take_errno(void) HIDDEN;

/* Whether `p` is on the calling thread's stack. */
int __pthreads_on_stack(const void *p) HIDDEN;

/* Flushes what can be flushed without waiting for anybody. */
void __pthreads_flush(void) HIDDEN;
