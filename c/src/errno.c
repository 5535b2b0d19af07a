/* errno of each thread.
 *
 * The C library below may have been built without threads: its errno is one word for all.  Its functions that are wrapped
 * here move that word into the calling thread's errno before they let go of their lock.  For the others (strtol, the math
 * functions) the next look at errno does.  Two threads that fail in such functions in the same instant may see each other's. */
#include "internal.h"

extern int below __asm__("errno");
static _Thread_local int mine;

void __pthreads_take_errno(void) {
	if (below == 0) return;
	mine = below;
	below = 0;
}

int *__errno_location(void) {
	__pthreads_take_errno();
	return &mine;
}
