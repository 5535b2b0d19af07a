// Dining philosophers: five (or as many as you say) think, take two forks, eat.
//
// Shows threads, mutexes and a join, all started from a main that blocks at once.  Nobody starves and nobody deadlocks,
// because every philosopher takes the fork with the lower number first.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int philosophers, rounds;
static pthread_mutex_t *forks;
static long *eaten;

static void *philosopher(void *arg) {
	int me = (int)(long)arg, other = (me + 1) % philosophers;
	int first = me < other ? me : other, second = me < other ? other : me;
	for (int i = 0; i < rounds; i++) {
		pthread_mutex_lock(&forks[first]);
		pthread_mutex_lock(&forks[second]);
		eaten[me]++;
		pthread_mutex_unlock(&forks[second]);
		pthread_mutex_unlock(&forks[first]);
	}
	return (void *)eaten[me];
}

int main(int argc, char **argv) {
	philosophers = argc > 1 ? atoi(argv[1]) : 5;
	rounds = argc > 2 ? atoi(argv[2]) : 1000;
	if (philosophers < 2 || rounds < 0) {
		fprintf(stderr, "usage: philosophers [how many, at least 2] [rounds]\n");
		return 2;
	}
	forks = calloc(philosophers, sizeof *forks);
	eaten = calloc(philosophers, sizeof *eaten);
	pthread_t *threads = calloc(philosophers, sizeof *threads);
	for (int i = 0; i < philosophers; i++) pthread_mutex_init(&forks[i], NULL);
	for (int i = 0; i < philosophers; i++)
		if (pthread_create(&threads[i], NULL, philosopher, (void *)(long)i) != 0) return perror("pthread_create"), 1;
	long total = 0;
	for (int i = 0; i < philosophers; i++) {
		void *meals;
		pthread_join(threads[i], &meals);
		printf("philosopher %d ate %ld times\n", i, (long)meals);
		total += (long)meals;
	}
	printf("%ld meals\n", total);
	return 0;
}
