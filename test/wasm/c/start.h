// How a thread of wasi-threads begins, as in a C library: its stack first, for C needs one, then `void work(int tid, struct start *)`.
// With START_LOCALS defined its thread-local base as well.

#ifdef START_LOCALS
#define START_BASE \
	".globaltype __tls_base, i32\n"
#define START_SET_BASE \
	"local.get 1\n" \
	"i32.load 4\n" \
	"global.set __tls_base\n"
#else
#define START_BASE
#define START_SET_BASE
#endif

__asm__(
	".globaltype __stack_pointer, i32\n"
	START_BASE
	".globl wasi_thread_start\n"
	".type wasi_thread_start,@function\n"
	".export_name wasi_thread_start, wasi_thread_start\n"
	"wasi_thread_start:\n"
	".functype wasi_thread_start (i32, i32) -> ()\n"
	"local.get 1\n"
	"i32.load 0\n"
	"global.set __stack_pointer\n"
	START_SET_BASE
	"local.get 0\n"
	"local.get 1\n"
	"call work\n"
	"end_function\n");
