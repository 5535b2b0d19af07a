// Parallel merge sort: each half is sorted by a thread of its own, down to a depth; then the halves are merged.
//
// Shows threads that make threads, and results that come back by join.
// Usage: merge-sort [numbers] [depth]

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part { unsigned *numbers, *room; long length; int depth; };

static void merge(struct part p) {
	long middle = p.length / 2, left = 0, right = middle, out = 0;
	while (left < middle && right < p.length)
		p.room[out++] = p.numbers[left] <= p.numbers[right] ? p.numbers[left++] : p.numbers[right++];
	memcpy(p.room + out, p.numbers + left, (middle - left) * sizeof *p.room);
	memcpy(p.numbers, p.room, (out + middle - left) * sizeof *p.room);
}

static void *sort(void *arg) {
	struct part p = *(struct part *)arg;
	if (p.length < 2) return NULL;
	long middle = p.length / 2;
	struct part left = { p.numbers, p.room, middle, p.depth - 1 };
	struct part right = { p.numbers + middle, p.room + middle, p.length - middle, p.depth - 1 };
	pthread_t thread;
	int made = p.depth > 0 && pthread_create(&thread, NULL, sort, &left) == 0;
	if (!made) sort(&left);
	sort(&right);
	if (made) pthread_join(thread, NULL);
	merge(p);
	return NULL;
}

int main(int argc, char **argv) {
	long length = argc > 1 ? atol(argv[1]) : 200000;
	int depth = argc > 2 ? atoi(argv[2]) : 2;
	unsigned *numbers = malloc(length * sizeof *numbers), *room = malloc(length * sizeof *room), seed = 1;
	if (numbers == NULL || room == NULL) return perror("malloc"), 1;
	for (long i = 0; i < length; i++) numbers[i] = seed = seed * 1664525u + 1013904223u;
	struct part all = { numbers, room, length, depth };
	sort(&all);
	unsigned sum = 0;
	for (long i = 0; i < length; i++) {
		if (i > 0 && numbers[i - 1] > numbers[i]) return printf("not sorted at %ld\n", i), 1;
		sum = sum * 31 + numbers[i];
	}
	printf("%ld numbers, sorted by up to %d threads, checksum %08x\n", length, 1 << depth, sum);
	return 0;
}
