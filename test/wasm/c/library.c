/* A library: what TypeScript calls, with threads of its own. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define API(name) __attribute__((export_name(#name))) name

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static sem_t never, once;
static pthread_key_t key;
static int total, made, destroyed;
static _Thread_local int mine;

static void destroy(void *value) { __atomic_fetch_add(&destroyed, (int)(long)value, __ATOMIC_SEQ_CST); }

__attribute__((constructor)) static void construct(void) {
	made = 7;
	pthread_key_create(&key, destroy);
	sem_init(&never, 0, 0);
	sem_init(&once, 0, 0);
}

int API(constructed)(void) { return made; }
int API(sum)(const int *at, int n) { int s = 0; for (int i = 0; i < n; i++) s += at[i]; return s; }
long long API(wide)(long long a) { return a * 3; }
double API(half)(double a) { return a / 2; }
void API(nothing)(void) {}
int API(self)(void) { return (int)pthread_self(); }
int API(all)(void) { return total; }

/* Returns how often the calling thread has counted, in all its calls. */
int API(count)(int times) {
	for (int i = 0; i < times; i++) {
		pthread_mutex_lock(&lock);
		total++;
		mine++;
		pthread_mutex_unlock(&lock);
	}
	return mine;
}

static void *twice(void *p) { usleep(1000); /* under test: a wait; no state is awaited by it */ return (void *)((long)p * 2); }

int API(parent)(int n) {
	pthread_t t[16];
	int sum = 0;
	for (int i = 0; i < n; i++) if (pthread_create(t + i, NULL, twice, (void *)(long)i) != 0) return -1;
	for (int i = 0; i < n; i++) {
		void *result;
		if (pthread_join(t[i], &result) != 0) return -2;
		sum += (int)(long)result;
	}
	return sum;
}

/* Allocates, and fills what it got with its own mark, again and again; how often another one's was found. */
int API(churn)(int mark, int times) {
	int wrong = 0;
	char *kept[16] = {0};
	for (int i = 0; i < times; i++) {
		int at = i % 16, size = 16 + i * 37 % 3000;
		if (kept[at] != NULL) for (int j = 0; j < 16; j++) wrong += kept[at][j] != mark;
		free(kept[at]);
		kept[at] = malloc(size);
		memset(kept[at], mark, size);
	}
	for (int i = 0; i < 16; i++) free(kept[i]);
	return wrong;
}

int API(hold)(void) { return pthread_mutex_lock(&lock); }
int API(release)(void) { return pthread_mutex_unlock(&lock); }
int API(linger)(void) { return sem_wait(&never) == 0 ? 0 : errno; }
int API(post)(void) { return sem_post(&once); }
int API(take)(void) { return sem_wait(&once) == 0 ? 0 : errno; }
int API(nap)(int ms) { return usleep(ms * 1000); }

/* Waits for what nobody signals; a canceled or thrown wait has to take the mutex again. */
int API(condition)(void) {
	pthread_mutex_lock(&lock);
	for (;;) pthread_cond_wait(&changed, &lock);
}

static void *keep(void *p) {
	pthread_mutex_lock(&lock);
	sem_post(&once);
	sem_wait(&never);
	return p;
}

/* A thread of the library takes the mutex for good. */
int API(wedge)(void) {
	pthread_t t;
	if (pthread_create(&t, NULL, keep, NULL) != 0) return -1;
	return sem_wait(&once);
}

int API(set)(int value) { return pthread_setspecific(key, (void *)(long)value); }
int API(get)(void) { return (int)(long)pthread_getspecific(key); }
int API(gone)(void) { return __atomic_load_n(&destroyed, __ATOMIC_SEQ_CST); }

void API(trap)(void) { __builtin_trap(); }
void API(leave)(int code) { exit(code); }
void API(out)(int value) { pthread_exit((void *)(long)value); }
void API(cancel)(void) { pthread_cancel(pthread_self()); pthread_testcancel(); }

/* Writes over all that is below its stack. */
int API(overflow)(int n) { volatile char a[1024]; for (int i = 0; i < 1024; i++) a[i] = 1; return n == 0 ? a[0] : overflow(n - 1) + a[n % 1024]; }

static void bye(void) { puts("bye"); }
int API(farewell)(void) { return atexit(bye); }
int API(say)(int n) { printf("said %d\n", n); return fflush(stdout); }

static int handled;
static const volatile int *stood;
static void handler(int signo) { volatile int here = signo; stood = &here; handled += here; }
int API(stand)(void) { return (int)(long)stood; }
int API(handle)(int signo) { return signal(signo, handler) == SIG_ERR ? -1 : 0; }
int API(signalled)(void) { return handled; }
void API(forever)(void) { for (volatile int i = 0;; i++) {} }
