// Threads of a program for wasi-threads that yield, without a C library: as migrating.c, what each has on its stack and in thread-local variables must
// be as it left it, wherever it goes on.  The number of threads that are wrong is printed, after the word `enough` was set, whose address is
// printed first.  Built with a bare clang: scripts/programs.mjs.

#define IMPORT(module, name) __attribute__((__import_module__(module), __import_name__(name)))

int spawn(void *) IMPORT("wasi", "thread-spawn");
int sched_yield(void) IMPORT("wasi_snapshot_preview1", "sched_yield");
int fd_write(int, const void *, int, int *) IMPORT("wasi_snapshot_preview1", "fd_write");

enum { THREADS = 300, STACK = 2048, WORDS = 8, DEPTH = 3, LOCALS = 64 };

struct start { char *stack, *locals; int number; };
static char stacks[THREADS][STACK] __attribute__((__aligned__(16)));
static char locals[THREADS][LOCALS] __attribute__((__aligned__(16)));
static struct start starts[THREADS];
static int enough, ended, wrong;
static _Thread_local unsigned mine = 7;

void __wasm_init_tls(void *);

#define START_LOCALS
#include "start.h"

static unsigned mix(unsigned x, unsigned y) {
	x ^= y + 0x9e3779b9u + (x << 6) + (x >> 2);
	return x * 2654435761u;
}

static void check(int right) {
	if (!right) __atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
}

__attribute__((__noinline__)) static unsigned descend(unsigned x, int depth) {
	volatile unsigned kept[WORDS];
	unsigned before = mine, sum = 0;
	for (int i = 0; i < WORDS; i++) kept[i] = mix(x, i);
	sched_yield();
	check(mine == before);
	if (depth > 0) sum = descend(mix(x, depth), depth - 1);
	for (int i = 0; i < WORDS; i++) check(kept[i] == mix(x, i));
	return mix(sum, x);
}

void work(int tid, struct start *me) {
	check(tid > 0 && mine == 7);
	unsigned x = mine = me->number + 1;
	while (__atomic_load_n(&enough, __ATOMIC_SEQ_CST) == 0) x = descend(x, DEPTH);
	check(mine == (unsigned)me->number + 1);
	__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
	__builtin_wasm_memory_atomic_notify(&ended, 1);
}

static void print(unsigned number) {
	char text[16], *at = text + sizeof text;
	*--at = '\n';
	do *--at = '0' + number % 10; while (number /= 10);
	struct { const char *text; int length; } part = { at, (int)(text + sizeof text - at) };
	int written;
	fd_write(1, &part, 1, &written);
}

// The thread-local variables of a thread that is to begin, as wasi-libc makes them.
static void copy_locals(char *to) {
	void *own = __builtin_wasm_tls_base();
	__wasm_init_tls(to);
	__asm__ volatile("local.get %0\nglobal.set __tls_base\n" :: "r"(own));
}

void _start(void) {
	mine = 1000;
	for (int i = 0; i < THREADS; i++) {
		copy_locals(locals[i]);
		starts[i] = (struct start){ stacks[i] + STACK, locals[i], i };
		if (spawn(&starts[i]) <= 0) wrong += 1000;
	}
	print((unsigned)(unsigned long)&enough);
	unsigned x = 0;
	while (__atomic_load_n(&enough, __ATOMIC_SEQ_CST) == 0) x = descend(x, DEPTH);
	for (int now = 0; now < THREADS; now = __atomic_load_n(&ended, __ATOMIC_SEQ_CST)) __builtin_wasm_memory_atomic_wait32(&ended, now, -1);
	check(mine == 1000);
	print(wrong);
}
