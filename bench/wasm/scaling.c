// Measures 200 threads each of which computes for some 4 us, yields, and so on, a fixed number of times. Seconds.

#include "../c/measure.h"
#include "work.h"

enum { THREADS = 200, ROUNDS = 1000, STEPS = 2000 };

static unsigned results[THREADS];

static void *computes(void *argument) {
  unsigned *x = argument;
  for (int i = 0; i < ROUNDS; i++) {
    *x = work(*x, STEPS);
    sched_yield();
  }
  return NULL;
}

static double measure(void) {
  pthread_t threads[THREADS];
  double start = now_ns();
  for (int i = 0; i < THREADS; i++) {
    results[i] = i;
    if (pthread_create(&threads[i], NULL, computes, &results[i]) != 0) exit(1);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return (now_ns() - start) / 1e9;
}

int main(void) {
  measure();                                 // the first time, the engine compiles
  double seconds = measure();
  int right = 1;
  for (unsigned i = 0; i < THREADS; i++) {
    unsigned x = i;
    for (int j = 0; j < ROUNDS; j++) x = work(x, STEPS);
    right &= results[i] == x;
  }
  report("wasm", seconds, "s", right);
  return 0;
}
