/* Threads that share carriers and yield: what each has on its stack, in its registers, in thread-local variables and in flight must be as it left it,
 * wherever it goes on.
 *
 *   sums THREADS YIELDS    each computes a checksum, yielding after each step, at several depths; prints the sum of all
 *   waits THREADS ROUNDS   the same, and they wait for a mutex, a condition and a semaphore between
 *   until THREADS          they yield until the host has set `enough`, whose address is printed first
 *   keeps THREADS          the same, and each has a value of a key and a cleanup handler; they return, exit or are canceled then
 *   ranks THREADS          as until, and one more waits with a real-time priority, and goes on when they have yielded
 *   main THREADS STEPS     until that main yields, while THREADS come and go and yield STEPS times */
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

static pthread_key_t key;
static atomic_int destroyed, cleaned;

static void destroy(void *value) {
	check(*(unsigned *)value == mine && pthread_getspecific(key) == NULL);
	sched_yield();
	check(*(unsigned *)value == mine);
	free(value);
	atomic_fetch_add(&destroyed, 1);
}

static void clean(void *value) {
	check(*(unsigned *)value == mine && *(unsigned *)pthread_getspecific(key) == mine);
	sched_yield();
	check(*(unsigned *)value == mine);
	atomic_fetch_add(&cleaned, 1);
}

static void *keeps(void *argument) {
	int i = (int)(size_t)argument;
	unsigned own = mine = i + 1, *value = malloc(sizeof *value), x = own;
	*value = own;
	check(pthread_setspecific(key, value) == 0);
	pthread_cleanup_push(clean, &own);
	do {
		x = descend(x, DEPTH - 1);
		check(pthread_getspecific(key) == value && *value == own);
	} while (atomic_load(&enough) == 0);
	if (i % 3 == 1) pthread_exit(argument);
	while (i % 3 == 2) {
		sched_yield();
		pthread_testcancel();
	}
	pthread_cleanup_pop(1);
	return argument;
}

static int keep(int count) {
	pthread_t threads[count];
	check(pthread_key_create(&key, destroy) == 0);
	for (int i = 0; i < count; i++) check(pthread_create(&threads[i], NULL, keeps, (void *)(size_t)i) == 0);
	while (atomic_load(&enough) == 0) sched_yield();
	for (int i = 2; i < count; i += 3) check(pthread_cancel(threads[i]) == 0);
	for (int i = 0; i < count; i++) {
		void *value;
		check(pthread_join(threads[i], &value) == 0 && value == (i % 3 == 2 ? PTHREAD_CANCELED : (void *)(size_t)i));
	}
	check(atomic_load(&cleaned) == count && atomic_load(&destroyed) == count);
	printf("%d wrong\n", atomic_load(&wrong));
	return 0;
}

/* The one with a priority goes on again and again. */
static void awakes(int unused) {
	(void)unused;
	do {
		sem_post(&places);
		sched_yield();
	} while (atomic_load(&enough) == 0);
	sem_post(&places);
}

static void *waits_for_turn(void *unused) {
	(void)unused;
	while (atomic_load(&enough) == 0) check(sem_wait(&places) == 0);
	return NULL;
}

/* Somebody has a priority while the others yield. */
static int rank(int count) {
	pthread_t first;
	pthread_attr_t attributes;
	struct sched_param parameter = { .sched_priority = 10 };
	pthread_attr_init(&attributes);
	check(pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED) == 0);
	check(pthread_attr_setschedpolicy(&attributes, SCHED_FIFO) == 0 && pthread_attr_setschedparam(&attributes, &parameter) == 0);
	check(pthread_create(&first, &attributes, waits_for_turn, NULL) == 0 && pthread_setname_np(first, "first") == 0);
	int error = run(until, count, awakes);
	check(pthread_join(first, NULL) == 0);
	return error;
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
	if (strcmp(argv[1], "ranks") == 0) return rank(count);
	if (strcmp(argv[1], "keeps") == 0) return keep(count);
	return strcmp(argv[1], "main") == 0 ? comes_and_goes(count) : run(until, count, NULL);
}
