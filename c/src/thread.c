/* Start and end of the program and of its threads.
 *
 * A thread's block is one allocation: this record, the stack, which grows down towards it, then the thread-local variables.
 * A thread that ends cannot free the stack it stands on: the host puts the block on the list `__pthreads_blocks` when nothing
 * runs on it any more, and later threads take it from there.  Many push, by compare and swap; takers hold a lock, so a
 * block that is first in the list stays there while one looks at it. */
#include "internal.h"
#include <stdlib.h>
#include <unistd.h>

struct block { struct block *next; int size; char *top; char *tls; int guard; void *(*routine)(void *); void *argument; int reserved; };
_Static_assert(sizeof(struct block) == __PTHREADS_BLOCK_SIZE, "declared in src/wasm/records.ts");

enum { GUARD = __PTHREADS_GUARD, STACK = __PTHREADS_STACK_DEFAULT };

struct block *__pthreads_blocks;
static struct lock takers;

_Thread_local int __pthreads_tid;
static _Thread_local struct block *mine;

extern char __global_base;

int __pthreads_create(pthread_t *, const pthread_attr_t *, struct block *) IMPORT(create);
int __pthreads_self(void) IMPORT(pthread_self);
_Noreturn void __pthreads_end(int) IMPORT(end);

static struct block *take(int size) {
	struct block *found = NULL, *before = NULL;
	__pthreads_acquire(&takers);
	struct block *first = __atomic_load_n(&__pthreads_blocks, __ATOMIC_SEQ_CST);
	if (first != NULL && first->size >= size) {
		while (!__atomic_compare_exchange_n(&__pthreads_blocks, &first, first->next, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
			if (first->size < size) break;
		}
		if (first->size >= size) found = first;
	}
	if (found == NULL && first != NULL) {
		for (before = first; before->next != NULL && before->next->size < size; before = before->next) continue;
		found = before->next;
		if (found != NULL) before->next = found->next;
	}
	__pthreads_release(&takers);
	return found;
}

static struct block *make(int size) {
	int align = __builtin_wasm_tls_align(), variables = __builtin_wasm_tls_size();
	if (align < 16) align = 16;
	struct block *b;
	if (posix_memalign((void **)&b, align, sizeof *b + size + variables + 2 * align) != 0) return NULL;
	b->size = size;
	b->tls = (char *)(((unsigned long)(b + 1) + size + align - 1) & -align);
	b->top = (char *)((unsigned long)b->tls & -16ul);
	b->guard = GUARD;
	return b;
}

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*routine)(void *), void *arg) {
	int size = a != NULL ? FIELD(a, __PTHREADS_ATTR_BLOCK) : 0;
	if (size == 0) size = STACK;
	struct block *b = take(size);
	if (b == NULL) b = make(size);
	if (b == NULL) return EAGAIN;
	b->routine = routine;
	b->argument = arg;
	int error = __pthreads_create(t, a, b);
	if (error == 0) return 0;
	struct block *first = __atomic_load_n(&__pthreads_blocks, __ATOMIC_SEQ_CST);
	do b->next = first;
	while (!__atomic_compare_exchange_n(&__pthreads_blocks, &first, b, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return error;
}

/* The host, for a thread that stands on its block by now. */
void __pthreads_enter(struct block *b, int tid) {
	mine = b;
	__pthreads_tid = tid;
}

pthread_t pthread_self(void) {
	return __pthreads_tid;
}

#undef pthread_equal
int pthread_equal(pthread_t a, pthread_t b) {
	return a == b;
}

int __pthreads_on_stack(const void *p) {
	const char *at = p;
	return mine == NULL ? at < &__global_base : at > (char *)mine && at < mine->top;
}

/* main's thread has no block. */
extern void __wasm_call_ctors(void);
void __pthreads_ready(void) IMPORT(ready);
void __funcs_on_exit(void);

/* From here on other threads may call what the program exports. A library has this and no main. The first malloc takes all the
 * memory that there is for its own: later the host takes some for the stacks of those threads. */
void _initialize(void) {
	__pthreads_tid = __pthreads_self();
	void *volatile first = malloc(1);
	free(first);
	__wasm_call_ctors();
	__pthreads_ready();
}

/* The host, when the last thread has ended and it was not main that returned, or when somebody outside ends the program. */
void __pthreads_leave(int code) {
	exit(code);
}

static struct lock leaving;

_Noreturn void __wrap_exit(int code) {
	__pthreads_acquire(&leaving);                    /* the others wait here for ever */
	if (leaving.depth == 0) __funcs_on_exit();
	__pthreads_flush();
	__pthreads_end(code);
}

_Noreturn void __wrap__Exit(int code) {
	__pthreads_end(code);
}

_Noreturn void __wrap__exit(int code) {
	__pthreads_end(code);
}

int getpid(void) {
	int __pthreads_getpid(void) IMPORT(getpid);
	return __pthreads_getpid();
}
