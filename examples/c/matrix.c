// Matrix multiplication: each thread computes every n-th row; a barrier separates the rounds.
//
// Shows CPU-bound threads: under 1:1 two of them use two cores.
// Usage: matrix [size] [threads] [rounds]

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int size, threads, rounds;
static double *a, *b, *c;
static pthread_barrier_t barrier;

static void *multiply(void *arg) {
	for (int round = 0; round < rounds; round++) {
		for (int row = (int)(long)arg; row < size; row += threads)
			for (int column = 0; column < size; column++) {
				double sum = 0;
				for (int k = 0; k < size; k++) sum += a[row * size + k] * b[k * size + column];
				c[row * size + column] = sum;
			}
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
			double *old = a;
			a = c;
			c = old;
		}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

int main(int argc, char **argv) {
	size = argc > 1 ? atoi(argv[1]) : 120;
	threads = argc > 2 ? atoi(argv[2]) : 2;
	rounds = argc > 3 ? atoi(argv[3]) : 3;
	a = calloc(size * size, sizeof *a);
	b = calloc(size * size, sizeof *b);
	c = calloc(size * size, sizeof *c);
	for (int i = 0; i < size * size; i++) {
		a[i] = i * 7 % 11 - 3;
		b[i] = (i * 5 % 13 - 4) / 64.0;
	}
	pthread_t *t = calloc(threads, sizeof *t);
	pthread_barrier_init(&barrier, NULL, threads);
	for (int i = 0; i < threads; i++) pthread_create(&t[i], NULL, multiply, (void *)(long)i);
	for (int i = 0; i < threads; i++) pthread_join(t[i], NULL);
	double sum = 0, trace = 0;
	for (int i = 0; i < size * size; i++) sum += a[i] * (i % 4);
	for (int i = 0; i < size; i++) trace += a[i * size + i];
	printf("%d x %d, %d rounds: sum %.4f, trace %.4f\n", size, size, rounds, sum, trace);
	return 0;
}
