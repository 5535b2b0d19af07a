// What reaches a thread before its first instruction, and what a program can reach outside: for test/wasm/early.test.ts.
// 0: as POSIX says; else the line that says otherwise is printed.

#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 4 };
static sem_t handled, go;
static pthread_t handler_ran_in;
static char *handler_stood_at;
static int cleaned;

static void handler(int signo) {
	char here;
	(void)signo;
	handler_ran_in = pthread_self();
	handler_stood_at = &here;
	sem_post(&handled);
}

static void *waits(void *arg) {
	char here;
	while (sem_wait(&go) != 0) CHECK(errno == EINTR);
	CHECK(handler_ran_in == pthread_self());
	CHECK(labs(handler_stood_at - &here) < 65536);
	return arg;
}

static void clean(void *arg) { *(int *)arg += 1; }

static void *sleeps(void *arg) {
	pthread_cleanup_push(clean, arg);
	for (;;) sleep(100);	/* canceled in it */
	pthread_cleanup_pop(0);
	return NULL;
}

int main(void) {
	pthread_t t;
	void *value;
	sem_init(&handled, 0, 0);
	sem_init(&go, 0, 0);
	CHECK(sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = handler }, NULL) == 0);
	for (int i = 0; i < THREADS; i++) {
		CHECK(pthread_create(&t, NULL, waits, &t) == 0);
		CHECK(pthread_kill(t, SIGUSR1) == 0);
		while (sem_wait(&handled) != 0) CHECK(errno == EINTR);
		CHECK(handler_ran_in == t);
		sem_post(&go);
		CHECK(pthread_join(t, &value) == 0 && value == &t);
	}
	for (int i = 0; i < THREADS; i++) {
		CHECK(pthread_create(&t, NULL, sleeps, &cleaned) == 0);
		CHECK(pthread_cancel(t) == 0);
		CHECK(pthread_join(t, &value) == 0 && value == PTHREAD_CANCELED);
		CHECK(cleaned == i + 1);
	}
	CHECK(kill(0, 0) == 0 && kill(getpid(), 0) == 0);
	CHECK(kill(1, 0) == -1 && errno == ESRCH);
	CHECK(kill(-1, 0) == -1 && errno == ESRCH);
	CHECK(sigqueue(1, 0, (union sigval){ 0 }) == -1 && errno == ESRCH);
	return 0;
}
