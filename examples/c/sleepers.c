// Sleepers: ten thousand threads (or as many as you say) sleep until the same moment, and wake.
//
// Shows how many threads there can be: where threads share carriers, one that sleeps is a small stack and an entry among the
// timers.  A Worker each would take gigabytes: under 1:1, ask for a few hundred.
// Usage: sleepers [threads] [ms]

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STACK = 16 * 1024 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER, set = PTHREAD_COND_INITIALIZER;
static int threads, here;
static struct timespec until;                              // 0: not set yet

static long long ns(const struct timespec *t) { return t->tv_sec * 1000000000LL + t->tv_nsec; }

// Returns how late it woke, in ns; below 0: too early.
static void *sleeper(void *arg) {
	pthread_mutex_lock(&mutex);
	if (++here == threads) pthread_cond_signal(&all_here);
	while (until.tv_sec == 0) pthread_cond_wait(&set, &mutex);
	pthread_mutex_unlock(&mutex);
	while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	*(long long *)arg = ns(&now) - ns(&until);
	return arg;
}

int main(int argc, char **argv) {
	threads = argc > 1 ? atoi(argv[1]) : 10000;
	int ms = argc > 2 ? atoi(argv[2]) : 100;
	if (threads < 1 || ms < 0) {
		fprintf(stderr, "usage: sleepers [threads, at least 1] [ms]\n");
		return 2;
	}
	pthread_t *t = calloc(threads, sizeof *t);
	long long *late = calloc(threads, sizeof *late), last = 0;
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	for (int i = 0; i < threads; i++) {
		int error = pthread_create(&t[i], &small, sleeper, &late[i]);
		if (error == 0) continue;
		fprintf(stderr, "sleepers: thread %d of %d cannot be made: %s\n", i + 1, threads, strerror(error));
		return 1;
	}
	pthread_mutex_lock(&mutex);
	while (here < threads) pthread_cond_wait(&all_here, &mutex);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms % 1000 * 1000000L;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_broadcast(&set);
	pthread_mutex_unlock(&mutex);
	int woke = 0, early = 0;
	for (int i = 0; i < threads; i++) {
		void *mine;
		woke += pthread_join(t[i], &mine) == 0 && mine == &late[i];
		early += late[i] < 0;
		if (late[i] > last) last = late[i];
	}
	printf("%d threads slept %d ms at the same time: %d woke, %d of them too early\n", threads, ms, woke, early);
	fprintf(stderr, "the last one was %.1f ms late\n", last / 1e6);
	return woke == threads && early == 0 ? 0 : 1;
}
