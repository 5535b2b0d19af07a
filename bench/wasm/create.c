// Measures the creation of many threads that all live at once, run, and are joined. Arguments: how many; asleep: they all
// sleep at once, on a semaphore, until main wakes them. Seconds.

#include "../c/measure.h"
#include <limits.h>
#include <semaphore.h>

static long sum, many;
static long asleep;
static sem_t all, go;

static void *sleeps(void *argument) {
  if (__atomic_add_fetch(&asleep, 1, __ATOMIC_RELAXED) == many) sem_post(&all);
  sem_wait(&go);
  __atomic_fetch_add(&sum, (long)argument, __ATOMIC_RELAXED);
  return argument;
}

static void *once(void *argument) {
  sched_yield();
  __atomic_fetch_add(&sum, (long)argument, __ATOMIC_RELAXED);
  return argument;
}

int main(int argc, char **argv) {
  long returned = 0, expected = 0;
  many = argc > 1 ? atol(argv[1]) : 100000;
  void *(*routine)(void *) = argc > 2 && strcmp(argv[2], "asleep") == 0 ? sleeps : once;
  pthread_t *threads = malloc(many * sizeof *threads);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
  double start = now_ns();
  for (long i = 0; i < many; i++) {
    expected += i;
    int error = pthread_create(&threads[i], &attributes, routine, (void *)i);
    if (error == 0) continue;
    fprintf(stderr, "Error: thread %ld: %s\n", i, strerror(error));
    return 1;
  }
  double created = now_ns();
  if (routine == sleeps) {
    sem_wait(&all);
    for (long i = 0; i < many; i++) sem_post(&go);
  }
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
