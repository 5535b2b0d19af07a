// An addon of Node-API with threads of wasi-threads, without a C library: for what published ones do not do on purpose.
// Built with a bare clang: scripts/programs.mjs.

#define IMPORT(module, name) __attribute__((__import_module__(module), __import_name__(name)))
#define EXPORT(name) __attribute__((__export_name__(name)))

typedef struct env *Env;
typedef struct value *Value;
typedef Value (*Callback)(Env, Value);

int create_function(Env, const char *, unsigned, Callback, void *, Value *) IMPORT("env", "napi_create_function");
int set_named(Env, Value, const char *, Value) IMPORT("env", "napi_set_named_property");
int cb_info(Env, Value, unsigned *, Value *, Value *, void **) IMPORT("env", "napi_get_cb_info");
int get_number(Env, Value, unsigned *) IMPORT("env", "napi_get_value_uint32");
int new_number(Env, unsigned, Value *) IMPORT("env", "napi_create_uint32");
int get_undefined(Env, Value *) IMPORT("env", "napi_get_undefined");
int create_reference(Env, Value, unsigned, int *) IMPORT("env", "napi_create_reference");
int get_reference(Env, int, Value *) IMPORT("env", "napi_get_reference_value");
int delete_reference(Env, int) IMPORT("env", "napi_delete_reference");
int open_scope(Env, int *) IMPORT("env", "napi_open_handle_scope");
int close_scope(Env, int) IMPORT("env", "napi_close_handle_scope");
int call_function(Env, Value, Value, unsigned, const Value *, Value *) IMPORT("env", "napi_call_function");
void hold(void) IMPORT("env", "_emnapi_ctx_increase_waiting_request_counter");
void release(void) IMPORT("env", "_emnapi_ctx_decrease_waiting_request_counter");
void send_js(int, void (*)(void *), void *) IMPORT("env", "_emnapi_async_send_js");
int spawn(void *) IMPORT("wasi", "thread-spawn");
int getenv_sizes(unsigned *, unsigned *) IMPORT("wasi_snapshot_preview1", "environ_sizes_get");
_Noreturn void proc_exit(int) IMPORT("wasi_snapshot_preview1", "proc_exit");

enum { THREADS = 64, STACK = 8192 };

struct start { char *stack; void (*routine)(struct start *); unsigned argument; Env env; };
static char stacks[THREADS][STACK] __attribute__((__aligned__(16)));
static struct start starts[THREADS];
static unsigned used, count, initialized;
static char environment[512] __attribute__((__aligned__(16)));

#include "../../wasm/c/start.h"

void work(int tid, struct start *me) {
	(void)tid;
	me->routine(me);
}

static void thread(void (*routine)(struct start *), unsigned argument, Env env) {
	unsigned i = __atomic_fetch_add(&used, 1, __ATOMIC_SEQ_CST) % THREADS;
	starts[i] = (struct start) { stacks[i] + STACK, routine, argument, env };
	if (spawn(&starts[i]) <= 0) __builtin_trap();
}

static void wait_for(unsigned *word, unsigned value) {
	for (unsigned now; (now = __atomic_load_n(word, __ATOMIC_SEQ_CST)) != value;) __builtin_wasm_memory_atomic_wait32((int *)word, now, -1);
}

// A tree of threads, as a row: each starts the next, the last is counted first; the caller waits in C meanwhile.

static void link(struct start *me) {
	if (me->argument > 1) thread(link, me->argument - 1, me->env);
	__atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
	__builtin_wasm_memory_atomic_notify((int *)&count, -1);
}

static unsigned argument(Env env, Value info, Value *first) {
	unsigned many = 1, number = 0;
	cb_info(env, info, &many, first, 0, 0);
	get_number(env, *first, &number);
	return number;
}

static Value number(Env env, unsigned n) {
	Value v;
	new_number(env, n, &v);
	return v;
}

static Value row(Env env, Value info) {
	Value first;
	unsigned many = argument(env, info, &first);
	count = 0;
	thread(link, many, env);
	wait_for(&count, many);
	return number(env, count);
}

// A thread has a JavaScript function called, in the heap that loaded the addon.

struct order { Env env; int function; unsigned value; };
static struct order orders[THREADS];

static void deliver(void *data) {
	struct order *order = data;
	int scope;
	Value function, undefined, value, result;
	open_scope(order->env, &scope);
	get_reference(order->env, order->function, &function);
	get_undefined(order->env, &undefined);
	value = number(order->env, order->value);
	call_function(order->env, undefined, function, 1, &value, &result);
	delete_reference(order->env, order->function);
	release();
	close_scope(order->env, scope);
}

static void call_later(struct start *me) {
	send_js(0, deliver, &orders[me->argument]);
}

static Value later(Env env, Value info) {
	static unsigned next;
	Value first;
	argument(env, info, &first);
	unsigned i = next++ % THREADS;
	orders[i].env = env;
	orders[i].value = i;
	create_reference(env, first, 1, &orders[i].function);
	hold();
	thread(call_later, i, env);
	return number(env, i);
}

static void trap(struct start *me) {
	__builtin_trap();
}

static Value fail(Env env, Value info) {
	thread(trap, 0, env);
	return number(env, 0);
}

static void misuse(struct start *me) {
	Value v;
	get_undefined(me->env, &v);
}

static Value abuse(Env env, Value info) {
	thread(misuse, 0, env);
	return number(env, 0);
}

static Value quit(Env env, Value info) {
	Value first;
	proc_exit(argument(env, info, &first));
}

static Value variables(Env env, Value info) {
	unsigned many = 0, size = 0;
	getenv_sizes(&many, &size);
	return number(env, many);
}

static void add(Env env, Value exports, const char *name, Callback callback) {
	Value function;
	create_function(env, name, -1, callback, 0, &function);
	set_named(env, exports, name, function);
}

EXPORT("_initialize") void initialize(void) {
	initialized++;
}

EXPORT("napi_register_wasm_v1") Value register_module(Env env, Value exports) {
	if (initialized != 1) __builtin_trap();
	add(env, exports, "row", row);
	add(env, exports, "later", later);
	add(env, exports, "fail", fail);
	add(env, exports, "abuse", abuse);
	add(env, exports, "quit", quit);
	add(env, exports, "variables", variables);
	return exports;
}

EXPORT("emnapi_create_env") void *create_env(void) {
	return environment;
}

EXPORT("emnapi_delete_env") void delete_env(void *env) {
}

EXPORT("malloc") void *allocate(unsigned size) {
	static unsigned long top;
	unsigned long grown = __builtin_wasm_memory_grow(0, (size + 65535) / 65536);
	top = grown * 65536;
	return (void *)top;
}

EXPORT("free") void give_back(void *block) {
}
