/* What C++ needs of threads and libc++abi does not have where it was built without them: static variables of functions are initialized
 * once, and thread-local ones are destroyed at the end of their thread.
 *
 * A guard   0 not initialized   BUSY a thread does it, others wait   DONE, which compiled code looks for by itself */
#include "../src/internal.h"
#include <stdlib.h>

enum { DONE = 1, BUSY = 256 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* 1: the caller has to initialize, and to call one of the other two then. */
int __cxa_guard_acquire(int *guard) {
	if (__atomic_load_n(guard, __ATOMIC_ACQUIRE) == DONE) return 0;
	int state;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&mutex);
	while (*guard == BUSY) pthread_cond_wait(&changed, &mutex);
	int ours = *guard != DONE;
	if (ours) *guard = BUSY;
	pthread_mutex_unlock(&mutex);
	pthread_setcancelstate(state, NULL);
	return ours;
}

static void settle(int *guard, int value) {
	pthread_mutex_lock(&mutex);
	__atomic_store_n(guard, value, __ATOMIC_RELEASE);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

void __cxa_guard_release(int *guard) { settle(guard, DONE); }
void __cxa_guard_abort(int *guard) { settle(guard, 0); }

struct destructor { struct destructor *next; void (*destroy)(void *); void *object; };
static _Thread_local struct destructor *destructors;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void destroy_all(void *unused) {
	(void)unused;
	while (destructors != NULL) {
		struct destructor *d = destructors;
		destructors = d->next;
		d->destroy(d->object);
		free(d);
	}
}

static void at_exit(void) { destroy_all(NULL); }

static void prepare(void) {
	pthread_key_create(&key, destroy_all);
	atexit(at_exit);
}

/* `destroy` gets `object` when the calling thread ends, the latest first. */
int __cxa_thread_atexit(void (*destroy)(void *), void *object, void *dso) {
	(void)dso;
	struct destructor *d = malloc(sizeof *d);
	if (d == NULL) return -1;
	pthread_once(&once, prepare);
	if (pthread_setspecific(key, d) != 0) {
		free(d);
		return -1;
	}
	*d = (struct destructor){ destructors, destroy, object };
	destructors = d;
	return 0;
}
