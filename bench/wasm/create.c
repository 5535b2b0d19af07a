// Measures the creation of many threads that all live at once, run, and are joined. Argument: how many. Seconds.

#include "../c/measure.h"
#include <limits.h>

static long sum;

static void *once(void *argument) {
  sched_yield();
  __atomic_fetch_add(&sum, (long)argument, __ATOMIC_RELAXED);
  return argument;
}

int main(int argc, char **argv) {
  long many = argc > 1 ? atol(argv[1]) : 100000, returned = 0, expected = 0;
  pthread_t *threads = malloc(many * sizeof *threads);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
  double start = now_ns();
  for (long i = 0; i < many; i++) {
    expected += i;
    int error = pthread_create(&threads[i], &attributes, once, (void *)i);
    if (error == 0) continue;
    fprintf(stderr, "Error: thread %ld: %s\n", i, strerror(error));
    return 1;
  }
  double created = now_ns();
  for (long i = 0; i < many; i++) {
    void *result;
    pthread_join(threads[i], &result);
    returned += (long)result;
  }
  double ended = now_ns();
  if (getenv("BENCH_VERBOSE")) fprintf(stderr, "created in %.3f s, joined in %.3f s\n", (created - start) / 1e9, (ended - created) / 1e9);
  report("wasm", (ended - start) / 1e9, "s", sum == expected && returned == expected);
  return 0;
}
