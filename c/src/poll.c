/* What descriptors are ready for: the C library's own knows no hang-up, and no wait for nothing. */
#include "internal.h"
#include <poll.h>

int __pthreads_poll(struct pollfd *, nfds_t, int) IMPORT(poll);

int poll(struct pollfd *fds, nfds_t count, int timeout) {
	int ready = __pthreads_poll(fds, count, timeout);
	return ready >= 0 ? ready : result(-ready);
}
