/* What a thread has of its own by name: cleanup handlers, and values of keys.  POSIX.1-2024 pthread_cleanup_push, _pop, pthread_key_create, _delete,
 * pthread_getspecific, _setspecific.
 *
 * All of it is in the program's memory, and is found through thread-local variables: so a thread takes it along when it goes on at another carrier.  The
 * host asks for it at the thread's end (src/wasm/own.ts) and calls the handlers and destructors itself: they may have any type then, and may wait.
 *
 * Handlers are a list through the frames in which they were pushed.  A thread that is unwound leaves these frames as they are.
 *
 * state of a key   even   there is none   create, by compare and swap: + 1
 *                  odd    there is one    delete, by compare and swap: + 1
 * A key's number holds its state, so a value that was set for a key that has been deleted is never seen under a new one, and no key is 0. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

enum { KEYS = __PTHREADS_KEYS, LEAST = 4 };
_Static_assert((KEYS & (KEYS - 1)) == 0, "an index is the low bits of a key");
_Static_assert(sizeof(struct __pthreads_cleanup) == __PTHREADS_CLEANUP_SIZE, "declared in src/wasm/records.ts");

struct value { pthread_key_t key; void *value; };

static struct { unsigned state; void (*destructor)(void *); } keys[KEYS];
static _Thread_local struct value *values;                     /* by index; as many as there had to be */
static _Thread_local int count;
static _Thread_local struct __pthreads_cleanup *handlers;

/* 1 once a thread has had a value. */
int __pthreads_specific;

static int index_of(pthread_key_t key) {
	return key & (KEYS - 1);
}

/* The number of key `i` in that state. */
static pthread_key_t number_of(int i, unsigned state) {
	return state * KEYS + i;
}

static unsigned state_of(int i) {
	return __atomic_load_n(&keys[i].state, __ATOMIC_SEQ_CST);
}

static int changes(int i, unsigned state) {
	return __atomic_compare_exchange_n(&keys[i].state, &state, state + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int exists(pthread_key_t key) {
	return key / KEYS % 2 == 1 && number_of(index_of(key), state_of(index_of(key))) == key;
}

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *)) {
	for (int i = 0; i < KEYS; i++) {
		unsigned state = state_of(i);
		if (state % 2 == 1 || !changes(i, state)) continue;
		__atomic_store_n(&keys[i].destructor, destructor, __ATOMIC_SEQ_CST);
		*key = number_of(i, state + 1);
		return 0;
	}
	return EAGAIN;
}

int pthread_key_delete(pthread_key_t key) {
	int i = index_of(key);
	unsigned state = state_of(i);
	return key / KEYS % 2 == 1 && number_of(i, state) == key && changes(i, state) ? 0 : EINVAL;
}

void *pthread_getspecific(pthread_key_t key) {
	int i = index_of(key);
	return i < count && values[i].key == key && exists(key) ? values[i].value : NULL;
}

static int make_room(int i) {
	int more = count == 0 ? LEAST : 2 * count;
	while (more <= i) more *= 2;
	struct value *made = realloc(values, more * sizeof *made);
	if (made == NULL) return 0;
	memset(made + count, 0, (more - count) * sizeof *made);
	values = made;
	count = more;
	__atomic_store_n(&__pthreads_specific, 1, __ATOMIC_SEQ_CST);
	return 1;
}

int pthread_setspecific(pthread_key_t key, const void *value) {
	int i = index_of(key);
	if (!exists(key)) return EINVAL;
	if (i >= count && value == NULL) return 0;
	if (i >= count && !make_room(i)) return ENOMEM;
	values[i] = (struct value){ key, (void *)value };
	return 0;
}

/* The host, at the end of the calling thread: the first index from `from` on whose value has to be destroyed, or -1. If there is none at all the room of
 * the values is freed. */
int __pthreads_due(int from) {
	for (int i = from; i < count; i++)
		if (values[i].value != NULL && exists(values[i].key) && keys[i].destructor != NULL) return i;
	if (from != 0) return -1;
	free(values);
	values = NULL;
	count = 0;
	return -1;
}

/* The host: the value at `i`, which it destroys. NULL: somebody else has. */
void *__pthreads_take(int i) {
	if (i >= count || !exists(values[i].key)) return NULL;
	void *value = values[i].value;
	values[i].value = NULL;
	return value;
}

/* The host: with what. */
void (*__pthreads_destructor(int i))(void *) {
	return __atomic_load_n(&keys[i].destructor, __ATOMIC_SEQ_CST);
}

void __pthreads_call(void (*)(void *), void *) IMPORT(call);

void __pthreads_cleanup_push(struct __pthreads_cleanup *c, void (*routine)(void *), void *argument) {
	*c = (struct __pthreads_cleanup){ routine, argument, handlers, 0 };
	handlers = c;
}

void __pthreads_cleanup_pop(struct __pthreads_cleanup *c, int execute) {
	handlers = c->__next;
	if (execute) __pthreads_call(c->__routine, c->__argument);
}

/* The host, for a thread that is unwound: the handler that was pushed last, taken off; NULL: there is none. */
struct __pthreads_cleanup *__pthreads_unwound(void) {
	struct __pthreads_cleanup *c = handlers;
	if (c != NULL) handlers = c->__next;
	return c;
}
