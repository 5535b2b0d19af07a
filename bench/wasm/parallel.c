// Measures a fixed amount of computing, shared by so many threads. Argument: how many threads. Seconds.

#include "../c/measure.h"
#include "work.h"

enum { PARTS = 64, STEPS = 4000000 };

static int next;
static unsigned results[PARTS];

static void *computes(void *argument) {
  for (int i; (i = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < PARTS;) results[i] = work(i, STEPS);
  return argument;
}

static double measure(int many) {
  pthread_t threads[16];
  next = 0;
  double start = now_ns();
  for (int i = 0; i < many; i++)
    if (pthread_create(&threads[i], NULL, computes, NULL) != 0) exit(1);
  for (int i = 0; i < many; i++) pthread_join(threads[i], NULL);
  return (now_ns() - start) / 1e9;
}

int main(int argc, char **argv) {
  int many = argc > 1 ? atoi(argv[1]) : 2, right = 1;
  measure(many);                             // the first time, Workers start and the engine compiles
  double seconds = measure(many);
  for (int i = 0; i < PARTS; i++) right &= results[i] == work(i, STEPS);
  report("wasm", seconds, "s", right);
  return 0;
}
