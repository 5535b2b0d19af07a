// Loops that call nothing, for test/wasm/preempt.test.ts: argv[1] says which. Where loops do not look, and threads share a carrier, all but `work` go on for ever.
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 6 };

static sem_t begun;
static volatile int turn, stop, handled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *endless(void *arg) {
	sem_post(&begun);
	for (volatile unsigned n = 0;; n++) continue;
	return arg;
}

static int main_goes_on(void) {
	for (int i = 0; i < 3; i++) start(endless, NULL);
	for (int i = 0; i < 3; i++) sem_wait(&begun);
	printf("main goes on\n");
	return 5;
}

static void *ends(void *arg) {
	sem_post(&begun);
	printf("a thread ends it\n");
	exit(6);
	return arg;
}

static int another_ends(void) {
	start(ends, NULL);
	for (;;) turn++;
}

static void *takes_turns(void *arg) {
	for (int i = 0; i < 20; i++) {
		while (turn != (int)(long)arg) continue;
		turn = (turn + 1) % 3;
	}
	return arg;
}

static int turns(void) {
	pthread_t t[3];
	for (long i = 0; i < 3; i++) t[i] = start(takes_turns, (void *)i);
	for (int i = 0; i < 3; i++) join(t[i]);
	printf("turn %d\n", turn);
	return 0;
}

static void handler(int signo) { handled = signo; }

static void *until_handled(void *arg) {
	sem_post(&begun);
	while (!handled) continue;
	return (void *)(long)handled;
}

static int signals(void) {
	signal(SIGUSR1, handler);
	pthread_t t = start(until_handled, NULL);
	sem_wait(&begun);
	pthread_kill(t, SIGUSR1);
	printf("handled %ld\n", (long)join(t));
	return 0;
}

static void leaves(int signo) { pthread_exit((void *)(long)(100 + signo)); }

static int handler_leaves(void) {
	signal(SIGUSR2, leaves);
	pthread_t t = start(endless, NULL);
	sem_wait(&begun);
	pthread_kill(t, SIGUSR2);
	printf("%s\n", (long)join(t) == 100 + SIGUSR2 ? "left" : "went on");
	return 0;
}

static int expires(void) {
	timer_t timer;
	struct itimerspec soon = { .it_value = { .tv_nsec = 1000000 } };
	signal(SIGALRM, handler);
	if (timer_create(CLOCK_MONOTONIC, NULL, &timer) != 0 || timer_settime(timer, 0, &soon, NULL) != 0) return 1;
	while (!handled) continue;
	printf("expired\n");
	return 0;
}

static void cleanup(void *arg) { printf("cleanup %s\n", (char *)arg); }

static void *can_be_canceled(void *arg) {
	pthread_cleanup_push(cleanup, arg);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	endless(arg);
	pthread_cleanup_pop(0);
	return arg;
}

static int cancellation(void) {
	pthread_t t = start(can_be_canceled, "loop");
	sem_wait(&begun);
	pthread_cancel(t);
	printf("%s\n", join(t) == PTHREAD_CANCELED ? "canceled" : "not canceled");
	return 0;
}

static __attribute__((noinline)) unsigned tree(unsigned n);
static __attribute__((noinline)) unsigned branch(unsigned n) { return n == 0 ? stop : tree(n - 1) + tree(n - 1); }
static __attribute__((noinline)) unsigned tree(unsigned n) { return n == 0 ? stop : branch(n - 1) + branch(n - 1); }

static void *recurses(void *arg) {
	sem_post(&begun);
	return (void *)(long)tree(200);
}

static int recursion(void) {
	start(recurses, NULL);
	sem_wait(&begun);
	printf("main goes on\n");
	return 7;
}

static int input(void) {
	start(endless, NULL);
	sem_wait(&begun);
	char line[100];
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) printf("read %s", line);
	return 0;
}

static unsigned long total;

static int compare(const void *a, const void *b) {
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	return x < y ? -1 : x > y;
}

// Loops, recursion, the C library's loops, and locks held meanwhile.
static void *works(void *arg) {
	enum { COUNT = 20000 };
	unsigned long sum = 0;
	unsigned x = (unsigned)(long)arg + 1, *numbers = malloc(COUNT * sizeof *numbers);
	for (int i = 0; i < COUNT; i++) numbers[i] = x = x * 1664525 + 1013904223;
	qsort(numbers, COUNT, sizeof *numbers, compare);
	for (int i = 1; i < COUNT; i++) sum += (numbers[i] - numbers[i - 1]) % 7 + (numbers[i] < numbers[i - 1]);
	sum += tree(12);
	for (int i = 0; i < 50; i++) {
		char text[64], *copy = NULL;
		snprintf(text, sizeof text, "%d %.3f", i, sum / 7.0);
		copy = strdup(text);
		sum += strlen(copy);
		free(copy);
		pthread_mutex_lock(&lock);
		unsigned long before = total;
		for (volatile int n = 0; n < 2000; n++) continue;
		total = before + i;
		pthread_mutex_unlock(&lock);
	}
	free(numbers);
	return (void *)sum;
}

static int work(void) {
	pthread_t t[THREADS];
	for (long i = 0; i < THREADS; i++) t[i] = start(works, (void *)i);
	for (int i = 0; i < THREADS; i++) printf("%d: %lu\n", i, (unsigned long)join(t[i]));
	printf("total %lu\n", total);
	return 0;
}

// How long a tight loop takes: argv[2] million rounds.
static int measure(int millions) {
	unsigned x = 1;
	for (int i = 0; i < millions; i++) for (int n = 0; n < 1000000; n++) x = x * 1664525 + 1013904223;
	printf("%u\n", x);
	return 0;
}

int main(int argc, char **argv) {
	const char *name = argc > 1 ? argv[1] : "";
	static const struct { const char *name; int (*f)(void); } cases[] = {
		{ "main goes on", main_goes_on }, { "another ends", another_ends }, { "turns", turns }, { "signals", signals }, { "handler leaves", handler_leaves },
		{ "timer", expires }, { "cancellation", cancellation }, { "recursion", recursion }, { "input", input }, { "work", work },
	};
	sem_init(&begun, 0, 0);
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) if (strcmp(name, cases[i].name) == 0) return cases[i].f();
	if (strcmp(name, "measure") == 0) return measure(atoi(argv[2]));
	printf("no case \"%s\"\n", name);
	return 2;
}
