// A bounded buffer: producers put numbers in, consumers take them out and add them up.
//
// Shows condition variables: who finds the buffer full, or empty, sleeps until there is something to do.
// Usage: bounded-buffer [producers] [consumers] [numbers of each producer]

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 16, LAST = -1 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static long buffer[ROOM];
static int first, count;

static void put(long value) {
	pthread_mutex_lock(&mutex);
	while (count == ROOM) pthread_cond_wait(&not_full, &mutex);
	buffer[(first + count++) % ROOM] = value;
	pthread_cond_signal(&not_empty);
	pthread_mutex_unlock(&mutex);
}

static long take(void) {
	pthread_mutex_lock(&mutex);
	while (count == 0) pthread_cond_wait(&not_empty, &mutex);
	long value = buffer[first];
	first = (first + 1) % ROOM;
	count--;
	pthread_cond_signal(&not_full);
	pthread_mutex_unlock(&mutex);
	return value;
}

static void *producer(void *arg) {
	for (long i = 1; i <= (long)arg; i++) put(i);
	return NULL;
}

struct consumed { long numbers; long long sum; };

static void *consumer(void *arg) {
	struct consumed *mine = arg;
	for (long value = take(); value != LAST; value = take()) {
		mine->numbers++;
		mine->sum += value;
	}
	return NULL;
}

int main(int argc, char **argv) {
	int producers = argc > 1 ? atoi(argv[1]) : 3, consumers = argc > 2 ? atoi(argv[2]) : 2;
	long each = argc > 3 ? atol(argv[3]) : 5000;
	pthread_t *threads = calloc(producers + consumers, sizeof *threads);
	struct consumed *consumed = calloc(consumers, sizeof *consumed), all = { 0 };
	for (int i = 0; i < producers; i++) pthread_create(&threads[i], NULL, producer, (void *)each);
	for (int i = 0; i < consumers; i++) pthread_create(&threads[producers + i], NULL, consumer, &consumed[i]);
	for (int i = 0; i < producers; i++) pthread_join(threads[i], NULL);
	for (int i = 0; i < consumers; i++) put(LAST);
	for (int i = 0; i < consumers; i++) {
		pthread_join(threads[producers + i], NULL);
		all.numbers += consumed[i].numbers;
		all.sum += consumed[i].sum;
	}
	printf("%d producers, %d consumers: %ld numbers, sum %lld\n", producers, consumers, all.numbers, all.sum);
	return 0;
}
