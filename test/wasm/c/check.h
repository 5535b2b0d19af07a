// For the programs of this folder: what must hold, and threads that must be made.
#pragma once

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) do { if (!(condition)) { printf("%s:%d: %s (errno %d)\n", __FILE_NAME__, __LINE__, #condition, errno); exit(1); } } while (0)

static inline pthread_t start(void *(*f)(void *), void *arg) {
	pthread_t t;
	CHECK(pthread_create(&t, NULL, f, arg) == 0);
	return t;
}

static inline void *join(pthread_t t) {
	void *value = NULL;
	CHECK(pthread_join(t, &value) == 0);
	return value;
}
