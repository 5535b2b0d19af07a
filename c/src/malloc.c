/* The C library's allocator, which knows no threads, under a lock. */
#include "internal.h"
#include <stdlib.h>

static struct lock heap;

#define LOCKED(type, name, params, args) \
	type __real_##name params; \
	type __wrap_##name params { \
		__pthreads_acquire(&heap); \
		type value = __real_##name args; \
		__pthreads_take_errno(); \
		__pthreads_release(&heap); \
		return value; \
	}

LOCKED(void *, malloc, (size_t size), (size))
LOCKED(void *, calloc, (size_t count, size_t size), (count, size))
LOCKED(void *, realloc, (void *p, size_t size), (p, size))
LOCKED(void *, aligned_alloc, (size_t align, size_t size), (align, size))
LOCKED(int, posix_memalign, (void **p, size_t align, size_t size), (p, align, size))

void __real_free(void *);
void __wrap_free(void *p) {
	__pthreads_acquire(&heap);
	__real_free(p);
	__pthreads_release(&heap);
}
