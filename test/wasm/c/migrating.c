/* Threads that share carriers and yield: what each has on its stack, in its registers, in thread-local variables and in flight must be as it left it,
 * wherever it goes on.
 *
 *   sums THREADS YIELDS    each computes a checksum, yielding after each step, at several depths; prints the sum of all
 *   waits THREADS ROUNDS   the same, and they wait for a mutex, a condition and a semaphore between
 *   until THREADS          they yield until the host has set `enough`, whose address is printed first
 *   main THREADS STEPS     the same, and so does main, while THREADS come and go and yield STEPS times */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 4, WORDS = 8 };

static int steps;
static atomic_int wrong, enough;
static _Thread_local unsigned mine;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static sem_t places;
static unsigned turns;

static unsigned mix(unsigned x, unsigned y) {
	x ^= y + 0x9e3779b9u + (x << 6) + (x >> 2);
	return x * 2654435761u;
}

static void check(int right) {
	if (!right) atomic_fetch_add(&wrong, 1);
}

static unsigned descend(unsigned x, int depth) {
	volatile unsigned kept[WORDS];
	for (int i = 0; i < WORDS; i++) kept[i] = mix(x, i);
	pthread_t self = pthread_self();
	unsigned before = mine;
	errno = (int)(before % 100);
	sched_yield();
	check(errno == (int)(before % 100) && mine == before && pthread_equal(self, pthread_self()));
	if (depth > 0) x = descend(mix(x, depth), depth - 1);
	for (int i = 0; i < WORDS; i++) x = mix(x, kept[i]);
	return x;
}

static void *sums(void *argument) {
	unsigned x = mine = (unsigned)(size_t)argument + 1;
	for (int i = 0; i < steps; i += DEPTH) x = descend(x, DEPTH - 1);
	check(mine == (unsigned)(size_t)argument + 1);
	return (void *)(size_t)x;
}

static void *waits(void *argument) {
	unsigned x = mine = (unsigned)(size_t)argument + 1;
	for (int i = 0; i < steps; i++) {
		x = descend(x, 1);
		check(sem_wait(&places) == 0);
		check(pthread_mutex_lock(&mutex) == 0);
		unsigned seen = ++turns;
		pthread_cond_signal(&turned);
		if (seen % 3 == 0) pthread_cond_signal(&turned);
		x = mix(x, mine);
		check(pthread_mutex_unlock(&mutex) == 0);
		check(sem_post(&places) == 0);
	}
	return (void *)(size_t)x;
}

static void *until(void *argument) {
	unsigned x = mine = (unsigned)(size_t)argument + 1;
	do x = descend(x, DEPTH - 1); while (atomic_load(&enough) == 0);
	check(mine == (unsigned)(size_t)argument + 1);
	return NULL;
}

static int run(void *(*routine)(void *), int count, void (*meanwhile)(int)) {
	pthread_t *threads = calloc(count, sizeof *threads);
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 8192);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attributes, routine, (void *)(size_t)i) != 0) return 1;
	if (meanwhile != NULL) meanwhile(count);
	unsigned sum = 0;
	for (int i = 0; i < count; i++) {
		void *value;
		pthread_join(threads[i], &value);
		sum = mix(sum, (unsigned)(size_t)value);
	}
	printf("%08x, %d wrong\n", sum, atomic_load(&wrong));
	free(threads);
	return 0;
}

/* main waits on the condition until all have had their turns. */
static void follows(int count) {
	pthread_mutex_lock(&mutex);
	while (turns < (unsigned)count * steps) pthread_cond_wait(&turned, &mutex);
	pthread_mutex_unlock(&mutex);
}

/* main goes on elsewhere too: it yields as they do, and has variables of its own. */
static int comes_and_goes(int count) {
	unsigned x = mine = 4711;
	volatile unsigned first = mix(x, 1);
	do {
		pthread_t threads[count];
		for (int i = 0; i < count; i++) check(pthread_create(&threads[i], NULL, sums, (void *)(size_t)i) == 0);
		for (int i = 0; i < steps; i += DEPTH) x = descend(x, DEPTH - 1);
		for (int i = 0; i < count; i++) check(pthread_join(threads[i], NULL) == 0);
		check(mine == 4711 && first == mix(4711, 1));
	} while (atomic_load(&enough) == 0);
	printf("%d wrong\n", atomic_load(&wrong));
	return 0;
}

int main(int argc, char **argv) {
	if (argc < 3) return 2;
	int count = atoi(argv[2]);
	steps = argc > 3 ? atoi(argv[3]) : 0;
	sem_init(&places, 0, 3);
	if (strcmp(argv[1], "sums") == 0) return run(sums, count, NULL);
	if (strcmp(argv[1], "waits") == 0) return run(waits, count, follows);
	printf("%lu\n", (unsigned long)&enough);
	fflush(stdout);
	return strcmp(argv[1], "main") == 0 ? comes_and_goes(count) : run(until, count, NULL);
}
