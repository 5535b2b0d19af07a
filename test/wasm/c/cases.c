// Cases for test/wasm/posix.test.ts: argv[1] says which.  0: as POSIX says; else the line that says otherwise is printed.

#include "check.h"
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static sem_t ready, go;
static int count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static struct timespec in(int ms) {
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
	return t;
}

static void *echo(void *arg) { return arg; }
static void *itself(void *arg) { (void)arg; return (void *)pthread_self(); }
static void *set_errno(void *arg) { errno = (int)(intptr_t)arg; sem_post(&ready); sem_wait(&go); return (void *)(intptr_t)errno; }

static void create(void) {
	CHECK(join(start(echo, (void *)42)) == (void *)42);
	pthread_t t = start(itself, NULL);
	CHECK(join(t) == (void *)t);
	CHECK(pthread_join(t, NULL) == ESRCH);
	CHECK(pthread_equal(pthread_self(), pthread_self()));
	CHECK(pthread_join(pthread_self(), NULL) == EDEADLK);
	pthread_attr_t a;
	pthread_attr_init(&a);
	size_t size;
	CHECK(pthread_attr_getstacksize(&a, &size) == 0 && size >= PTHREAD_STACK_MIN);
	CHECK(pthread_attr_setstacksize(&a, PTHREAD_STACK_MIN - 1) == EINVAL);
	CHECK(pthread_attr_setstacksize(&a, 4 * PTHREAD_STACK_MIN) == 0 && pthread_attr_getstacksize(&a, &size) == 0 && size == 4 * PTHREAD_STACK_MIN);
	CHECK(pthread_create(&t, &a, echo, (void *)7) == 0 && join(t) == (void *)7);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	CHECK(pthread_create(&t, &a, echo, NULL) == 0);
	pthread_attr_destroy(&a);
	CHECK(pthread_create(&t, &a, echo, NULL) == EINVAL);
	for (int i = 0; i < 200; i++) CHECK(join(start(echo, (void *)(intptr_t)i)) == (void *)(intptr_t)i);
}

static void each_errno(void) {
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	pthread_t a = start(set_errno, (void *)ENOENT), b = start(set_errno, (void *)EBUSY);
	sem_wait(&ready);
	sem_wait(&ready);
	errno = EINTR;
	sem_post(&go);
	sem_post(&go);
	CHECK(join(a) == (void *)ENOENT && join(b) == (void *)EBUSY && errno == EINTR);
	errno = 0;
	CHECK(sem_trywait(&ready) == -1 && errno == EAGAIN && strcmp(strerror(errno), "Resource temporarily unavailable") == 0);
	errno = 0;
	CHECK(strtol("99999999999999999999", NULL, 10) == LONG_MAX && errno == ERANGE);
	CHECK(fopen("/no/such/file", "r") == NULL && errno != 0);
}

static _Thread_local int local = 5;
static void *use_local(void *arg) {
	int before = local;
	local = (int)(intptr_t)arg;
	return (void *)(intptr_t)before;
}

static void thread_local_variables(void) {
	local = 6;
	for (int i = 0; i < 3; i++) CHECK(join(start(use_local, (void *)100)) == (void *)5);
	CHECK(local == 6);
}

static void *deep(void *arg) {
	char room[4096];
	memset(room, (int)(intptr_t)arg, sizeof room);
	if ((intptr_t)arg == 0) return NULL;
	deep((void *)((intptr_t)arg - 1));
	for (unsigned i = 0; i < sizeof room; i++) if (room[i] != (char)(intptr_t)arg) return (void *)1;
	return NULL;
}

static void stacks_are_apart(void) {
	pthread_t t[4];
	pthread_attr_t a;
	CHECK(pthread_attr_init(&a) == 0 && pthread_attr_setstacksize(&a, 512 * 1024) == 0);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 4; i++) CHECK(pthread_create(&t[i], &a, deep, (void *)100) == 0);
		for (int i = 0; i < 4; i++) CHECK(join(t[i]) == NULL);
	}
}

static void *increment(void *arg) {
	for (int i = 0; i < 20000; i++) {
		pthread_mutex_lock(&mutex);
		count++;
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void mutexes(void) {
	pthread_t t[3];
	for (int i = 0; i < 3; i++) t[i] = start(increment, NULL);
	for (int i = 0; i < 3; i++) join(t[i]);
	CHECK(count == 60000);
	pthread_mutexattr_t a;
	pthread_mutex_t m;
	pthread_mutexattr_init(&a);
	CHECK(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK) == 0 && pthread_mutex_init(&m, &a) == 0);
	CHECK(pthread_mutex_unlock(&m) == EPERM && pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&m) == EDEADLK && pthread_mutex_destroy(&m) == EBUSY);
	CHECK(pthread_mutex_unlock(&m) == 0 && pthread_mutex_destroy(&m) == 0);
	pthread_mutex_t r = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
	for (int i = 0; i < 3; i++) CHECK(pthread_mutex_lock(&r) == 0);
	CHECK(pthread_mutex_trylock(&r) == 0);
	for (int i = 0; i < 4; i++) CHECK(pthread_mutex_unlock(&r) == 0);
	CHECK(pthread_mutex_unlock(&r) == EPERM);
	pthread_mutex_lock(&mutex);
	CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
	struct timespec t0 = in(5);
	CHECK(pthread_mutex_timedlock(&mutex, &t0) == ETIMEDOUT);
	t0.tv_nsec = -1;
	CHECK(pthread_mutex_timedlock(&mutex, &t0) == EINVAL);
	pthread_mutex_unlock(&mutex);
}

static void *die_holding(void *m) { pthread_mutex_lock(m); return NULL; }

static void robust(void) {
	pthread_mutexattr_t a;
	pthread_mutex_t m;
	pthread_mutexattr_init(&a);
	CHECK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST) == 0 && pthread_mutex_init(&m, &a) == 0);
	join(start(die_holding, &m));
	CHECK(pthread_mutex_lock(&m) == EOWNERDEAD && pthread_mutex_consistent(&m) == 0 && pthread_mutex_unlock(&m) == 0 && pthread_mutex_lock(&m) == 0);
	pthread_mutex_unlock(&m);
	join(start(die_holding, &m));
	CHECK(pthread_mutex_lock(&m) == EOWNERDEAD && pthread_mutex_unlock(&m) == 0 && pthread_mutex_lock(&m) == ENOTRECOVERABLE);
}

static void *wait_for_count(void *arg) {
	pthread_mutex_lock(&mutex);
	while (count < 10) pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void conditions(void) {
	pthread_t t[3];
	for (int i = 0; i < 3; i++) t[i] = start(wait_for_count, NULL);
	for (int i = 0; i < 10; i++) {
		pthread_mutex_lock(&mutex);
		count++;
		pthread_mutex_unlock(&mutex);
		pthread_cond_broadcast(&cond);
	}
	for (int i = 0; i < 3; i++) join(t[i]);
	struct timespec until = in(5);
	pthread_mutex_lock(&mutex);
	CHECK(pthread_cond_timedwait(&cond, &mutex, &until) == ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &until);
	CHECK(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &until) == ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
	CHECK(pthread_cond_destroy(&cond) == 0);
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int onces, serials;
static void run_once(void) { onces++; }

static void *all_objects(void *arg) {
	for (int i = 0; i < 500; i++) {
		pthread_once(&once, run_once);
		pthread_rwlock_wrlock(&rw);
		count++;
		pthread_rwlock_unlock(&rw);
		pthread_rwlock_rdlock(&rw);
		pthread_rwlock_unlock(&rw);
		pthread_spin_lock(&spin);
		count++;
		pthread_spin_unlock(&spin);
	}
	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) __atomic_add_fetch(&serials, 1, __ATOMIC_SEQ_CST);
	return arg;
}

static void others(void) {
	pthread_t t[3];
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	CHECK(pthread_barrier_init(&barrier, NULL, 0) == EINVAL && pthread_barrier_init(&barrier, NULL, 3) == 0);
	for (int i = 0; i < 3; i++) t[i] = start(all_objects, NULL);
	for (int i = 0; i < 3; i++) join(t[i]);
	CHECK(onces == 1 && serials == 1);
	CHECK(pthread_rwlock_rdlock(&rw) == 0 && pthread_rwlock_trywrlock(&rw) == EBUSY && pthread_rwlock_tryrdlock(&rw) == 0);
	CHECK(pthread_spin_lock(&spin) == 0 && pthread_spin_trylock(&spin) == EBUSY && pthread_spin_unlock(&spin) == 0);
}

static void *post(void *arg) { return sem_post(arg), arg; }

static void semaphores(void) {
	sem_t s, *n;
	int value;
	CHECK(sem_init(&s, 0, 2) == 0 && sem_getvalue(&s, &value) == 0 && value == 2 && sem_wait(&s) == 0 && sem_wait(&s) == 0);
	CHECK(sem_trywait(&s) == -1 && errno == EAGAIN);
	struct timespec until = in(5);
	CHECK(sem_timedwait(&s, &until) == -1 && errno == ETIMEDOUT);
	pthread_t t = start(post, &s);
	CHECK(sem_wait(&s) == 0);
	join(t);
	CHECK(sem_init(&s, 0, (unsigned)SEM_VALUE_MAX + 1) == -1 && errno == EINVAL);
	CHECK(sem_open("/x", 0) == SEM_FAILED && errno == ENOENT);
	CHECK((n = sem_open("/x", O_CREAT | O_EXCL, 0600, 3)) != SEM_FAILED && sem_open("/x", 0) == n && sem_getvalue(n, &value) == 0 && value == 3);
	CHECK(sem_open("/x", O_CREAT | O_EXCL, 0600, 3) == SEM_FAILED && errno == EEXIST);
	CHECK(sem_unlink("/x") == 0 && sem_open("/x", 0) == SEM_FAILED && sem_unlink("/x") == -1 && errno == ENOENT);
	CHECK(sem_close(n) == 0 && sem_close(n) == 0);
}

static pthread_key_t key;
static int destroyed;
static void destroy(void *value) { destroyed += (int)(intptr_t)value; if ((intptr_t)value == 1) pthread_setspecific(key, (void *)10); }
static void *with_value(void *value) { pthread_setspecific(key, value); return pthread_getspecific(key); }

static void keys(void) {
	CHECK(pthread_key_create(&key, destroy) == 0 && pthread_getspecific(key) == NULL);
	CHECK(join(start(with_value, (void *)1)) == (void *)1 && destroyed == 11);
	CHECK(join(start(with_value, (void *)5)) == (void *)5 && destroyed == 16);
	CHECK(pthread_key_delete(key) == 0 && pthread_key_delete(key) == EINVAL && pthread_setspecific(key, &key) == EINVAL);
}

static char trail[16];
static void note(void *what) { strncat(trail, what, 1); }
static void note_unlock(void *m) { strcat(trail, "u"); pthread_mutex_unlock(m); }

static void *wait_for_ever(void *arg) {
	(void)arg;
	int here = 77;
	pthread_cleanup_push(note, "a");
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(note_unlock, &mutex);
	sem_post(&ready);
	for (;;) pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(here);
	return NULL;
}

static void *exit_in_the_middle(void *arg) {
	pthread_cleanup_push(note, "x");
	pthread_cleanup_push(note, "y");
	pthread_cleanup_pop(1);
	if (arg != NULL) pthread_exit((void *)9);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *not_cancelable(void *arg) {
	int old;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	sem_post(&ready);
	sem_wait(&go);
	pthread_testcancel();
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	if (old != PTHREAD_CANCEL_DISABLE) return arg;
	pthread_testcancel();
	return arg;
}

static void *sleep_long(void *arg) { sem_post(&ready); sleep(100); return arg; }	/* canceled in it */
static void call_with_no_argument(void) { destroyed = 100; }

static void cancellation(void) {
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	pthread_t t = start(wait_for_ever, NULL);
	sem_wait(&ready);
	CHECK(pthread_cancel(t) == 0 && join(t) == PTHREAD_CANCELED);
	CHECK(strcmp(trail, "ua") == 0 && pthread_mutex_trylock(&mutex) == 0);
	t = start(not_cancelable, NULL);
	sem_wait(&ready);
	pthread_cancel(t);
	sem_post(&go);
	CHECK(join(t) == PTHREAD_CANCELED);
	t = start(sleep_long, NULL);
	sem_wait(&ready);
	CHECK(pthread_cancel(t) == 0 && join(t) == PTHREAD_CANCELED);
	CHECK(join(start(exit_in_the_middle, (void *)1)) == (void *)9 && strcmp(trail, "uayx") == 0);
	pthread_cleanup_push((void (*)(void *))call_with_no_argument, NULL);      // called through the table, whatever its type
	pthread_cleanup_pop(1);
	CHECK(destroyed == 100);
}

static volatile int handled, from, given;
static pthread_t handler_thread;
static void handler(int signo) { handled += signo; handler_thread = pthread_self(); }
static void tell(int signo, siginfo_t *info, void *context) { (void)context; handled = signo; from = info->si_code; given = info->si_value.sival_int; }
static void *sleep_until_signal(void *arg) {
	struct timespec t = { .tv_sec = 100 }, left = { 0 };
	sem_post(&ready);
	int result = nanosleep(&t, &left);
	return (void *)(intptr_t)(result == -1 && errno == EINTR && left.tv_sec > 90 ? 1 : 0 * (intptr_t)arg);
}

static void signals(void) {
	sem_init(&ready, 0, 0);
	struct sigaction act = { .sa_flags = 0 }, old;
	act.sa_handler = handler;
	CHECK(sigaction(SIGUSR2, &act, NULL) == 0 && sigaction(SIGUSR2, NULL, &old) == 0 && old.sa_handler == handler);
	CHECK(raise(SIGUSR2) == 0 && handled == SIGUSR2);
	pthread_t t = start(sleep_until_signal, NULL);
	sem_wait(&ready);
	CHECK(pthread_kill(t, SIGUSR2) == 0 && join(t) == (void *)1 && handler_thread == t);
	CHECK(kill(getpid(), SIGKILL + 100) == -1 && errno == EINVAL);
	sigset_t set, before;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, &before) == 0 && sigismember(&before, SIGRTMIN) == 0);
	for (int i = 1; i <= 3; i++) CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }) == 0);
	siginfo_t info;
	for (int i = 1; i <= 3; i++) CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == i && info.si_code == SI_QUEUE);
	struct timespec none = { 0 };
	CHECK(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN);
	act.sa_flags = SA_SIGINFO;
	act.sa_sigaction = tell;
	CHECK(sigaction(SIGRTMIN, &act, NULL) == 0 && sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 55 }) == 0);
	CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0 && handled == SIGRTMIN && from == SI_QUEUE && given == 55);
	CHECK(signal(SIGUSR2, SIG_IGN) == handler && raise(SIGUSR2) == 0 && signal(SIGUSR2, SIG_DFL) == SIG_IGN);
}

static void timers(void) {
	struct timespec a, b, ms = { .tv_nsec = 2000000 };
	CHECK(clock_gettime(CLOCK_MONOTONIC, &a) == 0 && nanosleep(&ms, NULL) == 0 && clock_gettime(CLOCK_MONOTONIC, &b) == 0);
	CHECK((b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec >= 2000000);
	CHECK(clock_gettime(999999, &a) == -1 && errno == EINVAL);
	CHECK(time(NULL) > 1600000000 && clock() >= 0);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	timer_t timer;
	CHECK(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
	struct itimerspec when = { .it_value = ms };
	int signo;
	CHECK(timer_settime(timer, 0, &when, NULL) == 0 && sigwait(&set, &signo) == 0 && signo == SIGALRM && timer_delete(timer) == 0);
}

static void *print(void *arg) {
	for (int i = 0; i < 300; i++) printf("%s%d:%s\n", (char *)arg, i, "................................................................");
	return NULL;
}

static void prints(void) {
	pthread_t t[3];
	char *names[] = { "a", "b", "c" };
	for (int i = 0; i < 3; i++) t[i] = start(print, names[i]);
	for (int i = 0; i < 3; i++) join(t[i]);
}

static void *allocate(void *arg) {
	unsigned seed = (unsigned)(intptr_t)arg;
	char *p[64] = { 0 };
	for (int i = 0; i < 5000; i++) {
		int n = rand_r(&seed) % 64, size = rand_r(&seed) % 5000 + 1;
		if (p[n] != NULL && *p[n] != (char)n) return (void *)1;
		free(p[n]);
		p[n] = malloc(size);
		if (p[n] == NULL) return (void *)2;
		memset(p[n], n, size);
	}
	for (int n = 0; n < 64; n++) free(p[n]);
	return NULL;
}

static void allocations(void) {
	pthread_t t[3];
	for (intptr_t i = 0; i < 3; i++) t[i] = start(allocate, (void *)(i + 1));
	for (int i = 0; i < 3; i++) CHECK(join(t[i]) == NULL);
	char *big = malloc(200 << 20);
	CHECK(big != NULL);
	big[200 << 19] = 1;
	free(big);
}

static void *write_file(void *name) {
	FILE *f = fopen(name, "w");
	if (f != NULL) fprintf(f, "written by thread %d\n", pthread_self() != 1);
	return f;
}

static void *read_file(void *f) {
	static char line[100];
	rewind(f);
	if (fgets(line, sizeof line, f) == NULL) strcpy(line, strerror(errno));
	fclose(f);
	return line;
}

/* What one thread opens another reads. */
static void files(const char *name) {
	FILE *f = join(start(write_file, (void *)name));
	if (f == NULL) {
		perror(name);
		exit(1);
	}
	CHECK(fclose(f) == 0 && (f = fopen(name, "r")) != NULL);
	printf("%s", (char *)join(start(read_file, f)));
	CHECK(remove(name) == 0 && fopen(name, "r") == NULL && errno == ENOENT);
}

static void show(const char *name) {
	char line[100];
	FILE *f = fopen(name, "r");
	if (f == NULL) {
		printf("%s\n", strerror(errno));
		exit(1);
	}
	while (fgets(line, sizeof line, f) != NULL) fputs(line, stdout);
}

static void at_exit(void) { printf("atexit\n"); }
static void *exit_3(void *arg) { (void)arg; exit(3); }
static void *sleep_then_print(void *arg) { sem_wait(arg); printf("the last one\n"); return NULL; }
static void *null_pointer(void *arg) { (void)arg; volatile int *p = (int *)0xfffffff0; return (void *)(intptr_t)*p; }
static void *divide(void *arg) { volatile int zero = 0; return (void *)(intptr_t)(7 / zero + (int)(intptr_t)arg); }
static void *overflow(void *arg) { volatile char big[64 * 1024]; big[0] = 1; return arg == big ? arg : (char *)overflow(arg) + big[0]; }

static void in_thread(void *(*f)(void *)) {
	start(f, NULL);
	for (;;) pause();
}

int main(int argc, char **argv) {
	const char *name = argc > 1 ? argv[1] : "";
	static const struct { const char *name; void (*f)(void); } cases[] = {
		{ "create", create }, { "errno", each_errno }, { "tls", thread_local_variables }, { "stacks", stacks_are_apart }, { "mutex", mutexes }, { "robust", robust },
		{ "cond", conditions }, { "others", others }, { "sem", semaphores }, { "keys", keys }, { "cancel", cancellation }, { "signals", signals },
		{ "timers", timers }, { "print", prints }, { "malloc", allocations },
	};
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) if (strcmp(name, cases[i].name) == 0) return cases[i].f(), 0;
	if (strcmp(name, "exit in a thread") == 0) {
		atexit(at_exit);
		in_thread(exit_3);
	}
	if (strcmp(name, "main leaves first") == 0) {
		sem_init(&go, 0, 0);
		start(sleep_then_print, &go);
		atexit(at_exit);
		sem_post(&go);
		pthread_exit(NULL);
	}
	if (strcmp(name, "null") == 0) in_thread(null_pointer);
	if (strcmp(name, "divide") == 0) in_thread(divide);
	if (strcmp(name, "overflow") == 0) in_thread(overflow);
	if (strcmp(name, "abort") == 0) abort();
	if (strcmp(name, "hang") == 0) {
		for (int i = 0; i < 3; i++) start(sleep_long, NULL);
		pthread_mutex_lock(&mutex);
		return 4;
	}
	if (strcmp(name, "hold") == 0) return memset(malloc(atoi(argv[2]) << 20), 1, atoi(argv[2]) << 20) == NULL;
	if (strcmp(name, "leaves open") == 0) {
		for (int i = 0; i < 20; i++) CHECK(fopen(argv[2], "r") != NULL);
		return 0;
	}
	if (strcmp(name, "files") == 0) return files(argv[2]), 0;
	if (strcmp(name, "show") == 0) return show(argv[2]), 0;
	if (strcmp(name, "arguments") == 0) {
		for (int i = 0; i < argc; i++) printf("%s\n", argv[i]);
		printf("%s %s\n", getenv("HOME") == NULL ? "no HOME" : getenv("HOME"), getenv("COLOUR") == NULL ? "no COLOUR" : getenv("COLOUR"));
		return 0;
	}
	if (strcmp(name, "cat") == 0) {
		char line[256];
		while (fgets(line, sizeof line, stdin) != NULL) fputs(line, stdout);
		return 0;
	}
	printf("no case \"%s\"\n", name);
	return 2;
}
