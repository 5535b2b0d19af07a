// A program for wasi-threads without a C library: what wasi-sdk and Rust make has these imports, exports and instructions.
// Built with a bare clang: scripts/programs.mjs.  Four threads add, wait and grow the memory; the first one prints the sum.

#define IMPORT(module, name) __attribute__((__import_module__(module), __import_name__(name)))

int spawn(void *) IMPORT("wasi", "thread-spawn");
int fd_write(int, const void *, int, int *) IMPORT("wasi_snapshot_preview1", "fd_write");
_Noreturn void proc_exit(int) IMPORT("wasi_snapshot_preview1", "proc_exit");

enum { THREADS = 4, ROUNDS = 1000, STACK = 16384 };

struct start { char *stack; int number; };
static char stacks[THREADS][STACK] __attribute__((__aligned__(16)));
static struct start starts[THREADS];
static int sum, ended, turn, grown, bad;

#include "start.h"

static void wait_while(int *word, int value) {
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == value) __builtin_wasm_memory_atomic_wait32(word, value, -1);
}

void work(int tid, struct start *me) {
	if (tid <= 0) bad = 1;
	for (int i = 0; i < ROUNDS; i++) {
		for (int now = turn; now % THREADS != me->number; now = turn) wait_while(&turn, now);      // one after the other
		sum += me->number + 1;
		__atomic_add_fetch(&turn, 1, __ATOMIC_SEQ_CST);
		__builtin_wasm_memory_atomic_notify(&turn, -1u);
		if (i % 100 == 0) {
			unsigned before = __builtin_wasm_memory_grow(0, 1);
			if (before == -1u || __builtin_wasm_memory_size(0) <= before) bad = 2;
			*(volatile int *)(unsigned long)(before * 65536u) = 1;
			__atomic_add_fetch(&grown, 1, __ATOMIC_SEQ_CST);
		}
	}
	__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
	__builtin_wasm_memory_atomic_notify(&ended, 1);
}

static void print(const char *text, int length) {
	struct { const char *text; int length; } part = { text, length };
	int written;
	fd_write(1, &part, 1, &written);
}

void _start(void) {
	for (int i = 0; i < THREADS; i++) {
		starts[i].stack = stacks[i] + STACK;
		starts[i].number = i;
		if (spawn(&starts[i]) <= 0) proc_exit(3);
	}
	for (int now = 0; now < THREADS; now = ended) wait_while(&ended, now);
	long long wide = 5;
	if (__builtin_wasm_memory_atomic_wait64(&wide, 4, -1) != 1 || __builtin_wasm_memory_atomic_wait64(&wide, 5, 1000000) != 2) bad = 3;
	if (sum == ROUNDS * 10 && grown == THREADS * ROUNDS / 100 && bad == 0) print("as it should be\n", 16);
	else print("wrong\n", 6);
	proc_exit(bad == 0 ? 7 : bad);
}
