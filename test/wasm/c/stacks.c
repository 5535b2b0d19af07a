// Small stacks of threads, and frames of C that are put aside while their thread waits: in its own stack, or elsewhere if there is no room.
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 200, ROUNDS = 50, DEPTH = 400 };

static sem_t told, go;

static pthread_t start(void *(*routine)(void *), long arg, size_t stack) {
	pthread_t t;
	pthread_attr_t a;
	pthread_attr_init(&a);
	if (pthread_attr_setstacksize(&a, stack) != 0 || pthread_create(&t, &a, routine, (void *)arg) != 0) {
		printf("no thread\n");
		exit(1);
	}
	return t;
}

static long join(pthread_t t) {
	void *value;
	return pthread_join(t, &value) == 0 ? (long)value : -1;
}

static long rest(long x) { return x * 1103515245 + 12345; }

// No variable of this lies in the program's memory, so the frames need far more room than the stack has.
static long recursive(int n, long x) {
	if (n == 0) {
		sched_yield();
		return x;
	}
	long below = recursive(n - 1, rest(x));
	return below ^ (x + n);
}

static long straight(int n, long x) {
	long terms = 0;
	for (; n > 0; n--) {
		terms ^= x + n;
		x = rest(x);
	}
	return x ^ terms;
}

static void *recurses(void *arg) {
	long bad = 0;
	for (int i = 0; i < ROUNDS; i++) {
		int depth = (i * 7 + (int)(long)arg) % DEPTH;
		bad += recursive(depth, i + (long)arg) != straight(depth, i + (long)arg);
	}
	return (void *)bad;
}

static void *fills(void *arg) {
	char room[1024];
	long bad = 0;
	memset(room, (int)(long)arg, sizeof room);
	for (int i = 0; i < ROUNDS; i++) {
		sched_yield();
		for (unsigned k = 0; k < sizeof room; k++) bad += room[k] != (char)(long)arg;
	}
	return (void *)bad;
}

static void *waits(void *arg) {
	sem_post(&told);
	while (sem_wait(&go) != 0) continue;
	return arg;
}

static void *too_much(void *arg) {
	char room[4096];
	memset(room, 1, sizeof room);
	sched_yield();
	return room[(long)arg] == 1 ? arg : NULL;
}

// It needs all that the smallest stack has, and its thread's frames lie there.
static void in_vain(int signo) {
	char room[PTHREAD_STACK_MIN];
	memset(room, signo, sizeof room);
	if (room[signo] == signo) sem_post(&go);
}

// Its stack stands on an import's, so it cannot be taken down: it goes on at once.
static volatile int yielded;
static void yields(int signo) {
	int before = yielded;
	sched_yield();
	yielded = before + (signo == SIGUSR2);
}

static void *raises(void *arg) {
	for (int i = 0; i < 100; i++) {
		raise(SIGUSR2);
		sched_yield();
	}
	return arg;
}

static void run(const char *name, void *(*routine)(void *), size_t stack) {
	pthread_t t[THREADS];
	long bad = 0;
	for (long i = 0; i < THREADS; i++) t[i] = start(routine, i, stack);
	for (int i = 0; i < THREADS; i++) bad += join(t[i]);
	printf("%s: %ld\n", name, bad);
}

int main(int argc, char **argv) {
	sem_init(&told, 0, 0);
	sem_init(&go, 0, 0);
	if (argc > 1 && strcmp(argv[1], "much") == 0) return (int)join(start(too_much, 0, PTHREAD_STACK_MIN));
	if (argc > 1) {
		struct sigaction action = { 0 };
		action.sa_handler = in_vain;
		sigaction(SIGUSR1, &action, NULL);
		pthread_t t = start(waits, 0, PTHREAD_STACK_MIN);
		sem_wait(&told);
		pthread_kill(t, SIGUSR1);
		return (int)join(t);
	}
	run("recurses", recurses, 64 * 1024);
	run("fills", fills, 4096);
	run("fills the smallest", fills, PTHREAD_STACK_MIN);
	pthread_t t;
	pthread_create(&t, NULL, (void *(*)(void *))sched_yield, NULL);	/* a stack without frames */
	printf("yields: %ld\n", join(t));
	struct sigaction action = { 0 };
	action.sa_handler = yields;
	sigaction(SIGUSR2, &action, NULL);
	join(start(raises, 0, 64 * 1024));
	printf("handlers that yield: %d\n", yielded);
	return 0;
}
