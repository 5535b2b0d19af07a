/* Functions of the C library with a state of their own, under one lock. */
#include "internal.h"
#include <stdlib.h>

static struct lock state;

#define LOCKED(type, name, params, args) \
	type __real_##name params; \
	type __wrap_##name params { \
		__pthreads_acquire(&state); \
		type value = __real_##name args; \
		__pthreads_take_errno(); \
		__pthreads_release(&state); \
		return value; \
	}

LOCKED(int, __cxa_atexit, (void (*f)(void *), void *arg, void *dso), (f, arg, dso))
LOCKED(int, atexit, (void (*f)(void)), (f))
LOCKED(char *, getenv, (const char *name), (name))
LOCKED(int, setenv, (const char *name, const char *text, int overwrite), (name, text, overwrite))
LOCKED(int, unsetenv, (const char *name), (name))
LOCKED(int, putenv, (char *text), (text))
LOCKED(int, rand, (void), ())
LOCKED(long, random, (void), ())

void __real_srand(unsigned);
void __wrap_srand(unsigned seed) {
	__pthreads_acquire(&state);
	__real_srand(seed);
	__pthreads_release(&state);
}

void __real_srandom(unsigned);
void __wrap_srandom(unsigned seed) {
	__pthreads_acquire(&state);
	__real_srandom(seed);
	__pthreads_release(&state);
}
