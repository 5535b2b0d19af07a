// Each of the calls that suspend a thread, one after the other: what is printed is the same under every model.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 200 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t items, told;
static _Thread_local int mine = 7;
static int turn, sum, initialized, destroyed, cleaned, handled;

static void run(void *(*routine)(void *), const char *name) {
	pthread_t t[THREADS];
	long total = 0;
	for (long i = 0; i < THREADS; i++) if (pthread_create(&t[i], NULL, routine, (void *)i) != 0) { printf("%s: create failed\n", name); exit(1); }
	for (int i = 0; i < THREADS; i++) {
		void *value;
		if (pthread_join(t[i], &value) != 0) { printf("%s: join failed\n", name); exit(1); }
		total += (long)value;
	}
	printf("%s: %ld\n", name, total);
}

static int deep(int n, int (*wait)(void)) {
	volatile char pad[32] = { (char)n };
	int below = n == 0 ? wait() : deep(n - 1, wait);
	return below + (pad[0] == (char)n);
}

static void *yields(void *arg) {
	long n = 0;
	for (int i = 0; i < ROUNDS; i++) {
		mine++;
		n += deep(i % 10, sched_yield);
	}
	return (void *)(n + mine);
}

static void *turns(void *arg) {
	pthread_mutex_lock(&lock);
	for (int i = 0; i < ROUNDS; i++) {
		while (turn != (int)(long)arg) pthread_cond_wait(&changed, &lock);
		turn = (turn + 1) % THREADS;
		sum++;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return (void *)(long)(sum > 0);
}

static void *semaphores(void *arg) {
	for (int i = 0; i < ROUNDS; i++) {
		if ((long)arg % 2) sem_post(&items);
		else while (sem_wait(&items) != 0) continue;
	}
	return (void *)1L;
}

static void *meets(void *arg) {
	long serial = 0;
	for (int i = 0; i < ROUNDS; i++) serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
	return (void *)serial;
}

static void *reads(void *arg) {
	long bad = 0;
	for (int i = 0; i < ROUNDS; i++) {
		if ((i + (long)arg) % 4 == 0) {
			pthread_rwlock_wrlock(&rw);
			int before = sum;
			sched_yield();
			sum = before + 1;
			pthread_rwlock_unlock(&rw);
		} else {
			pthread_rwlock_rdlock(&rw);
			int seen = sum;
			sched_yield();
			bad += seen != sum;
			pthread_rwlock_unlock(&rw);
		}
	}
	return (void *)bad;
}

static void *spins(void *arg) {
	for (int i = 0; i < 20; i++) {
		pthread_spin_lock(&spin);
		int before = sum;
		sched_yield();
		sum = before + 1;
		pthread_spin_unlock(&spin);
	}
	return (void *)1L;
}

static void initialize(void) {
	pthread_mutex_lock(&second);
	usleep(2000);	/* a wait inside once: nobody relies on its length */
	initialized++;
	pthread_mutex_unlock(&second);
}

static void *onces(void *arg) {
	pthread_once(&once, initialize);
	return (void *)(long)initialized;
}

static void destroy(void *value) {
	pthread_mutex_lock(&second);
	usleep(1000);	/* a wait inside a destructor */
	destroyed += *(int *)value;
	pthread_mutex_unlock(&second);
	free(value);
}

static void *keys(void *arg) {
	int *value = malloc(sizeof *value);
	*value = 1;
	pthread_setspecific(key, value);
	sched_yield();
	if ((long)arg % 2) pthread_exit((void *)(long)*(int *)pthread_getspecific(key));
	return (void *)(long)*(int *)pthread_getspecific(key);
}

static void clean(void *arg) {
	pthread_mutex_lock(&second);
	usleep(1000);	/* a wait inside a cleanup handler */
	cleaned += *(int *)arg;
	pthread_mutex_unlock(&second);
}

static void unlock(void *m) { pthread_mutex_unlock(m); }

static void *canceled(void *arg) {
	int one = 1;
	pthread_cleanup_push(clean, &one);
	pthread_mutex_lock(&lock);
	pthread_cleanup_push(unlock, &lock);
	sem_post(&told);
	for (;;) pthread_cond_wait(&changed, &lock);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
}

static void *pops(void *arg) {
	int one = 1;
	pthread_cleanup_push(clean, &one);
	sched_yield();
	pthread_cleanup_pop(1);
	return (void *)1L;
}

static void handler(int signo) { handled++; sem_post(&told); }

static void *slept(void *arg) {
	struct timespec t = { 60, 0 }, left = { 0, 0 };
	sem_post(&items);
	int result = nanosleep(&t, &left);
	return (void *)(long)(result == -1 && errno == EINTR && left.tv_sec >= 58);
}

static void *waits(void *arg) {
	sigset_t set;
	int signo = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sem_post(&told);
	sigwait(&set, &signo);
	return (void *)(long)(signo == SIGUSR2);
}

static void *late(void *arg) {
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 5000000;
	if (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
	sem_t never;
	sem_init(&never, 0, 0);
	long n = sem_timedwait(&never, &t) == -1 && errno == ETIMEDOUT;
	pthread_mutex_lock(&lock);
	n += pthread_cond_timedwait(&changed, &lock, &t) == ETIMEDOUT;
	pthread_mutex_unlock(&lock);
	return (void *)n;
}

static void send(void *(*routine)(void *), int signo, sem_t *ready, const char *name) {
	pthread_t t;
	void *value;
	pthread_create(&t, NULL, routine, NULL);
	while (sem_wait(ready) != 0) continue;
	if (signo == SIGUSR1) usleep(20000);
	if (signo == 0) { pthread_mutex_lock(&lock); pthread_cancel(t); pthread_mutex_unlock(&lock); }
	else pthread_kill(t, signo);
	pthread_join(t, &value);
	printf("%s: %ld\n", name, (long)value);
}

int main(void) {
	setvbuf(stdout, NULL, _IOLBF, 1024);
	pthread_barrier_init(&barrier, NULL, THREADS);
	pthread_spin_init(&spin, 0);
	pthread_key_create(&key, destroy);
	sem_init(&items, 0, 0);
	sem_init(&told, 0, 0);
	struct sigaction action = { 0 };
	action.sa_handler = handler;
	sigaction(SIGUSR1, &action, NULL);
	run(yields, "yields");
	run(turns, "turns");
	run(semaphores, "semaphores");
	run(meets, "meets");
	sum = 0;
	run(reads, "reads");
	printf("writes: %d\n", sum);
	sum = 0;
	run(spins, "spins");
	printf("sum: %d\n", sum);
	run(onces, "onces");
	run(keys, "keys");
	printf("destroyed: %d\n", destroyed);
	run(pops, "pops");
	printf("cleaned: %d\n", cleaned);
	send(canceled, 0, &told, "canceled");
	printf("cleaned: %d\n", cleaned);
	send(slept, SIGUSR1, &items, "slept");
	printf("handled: %d\n", handled);
	sem_wait(&told);
	send(waits, SIGUSR2, &told, "waits");
	run(late, "late");
	return 3;
}
