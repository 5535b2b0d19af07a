// Measures the throughput of one mutex that two threads fight for (lock; counter++; unlock), in million
// operations a second of both together, over a fixed time; then checks that no increment was lost.

#include "measure.h"
#include <unistd.h>

static pthread_mutex_t mutex;
static pthread_barrier_t line;
static volatile long counter;
static int stop;

static void *fight(void *worker) {
  long done = 0;
  pin_worker((int)(long)worker);
  pthread_barrier_wait(&line);
  while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
    done++;
  }
  return (void *)done;
}

int main(int argc, char **argv) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (argc > 1 && strcmp(argv[1], "errorcheck") == 0)
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&mutex, &attributes);
  pthread_barrier_init(&line, NULL, 3);

  pthread_t threads[2];
  for (long i = 0; i < 2; i++) pthread_create(&threads[i], NULL, fight, (void *)i);
  pthread_barrier_wait(&line);
  double start = now_ns();
  usleep((useconds_t)(duration_ns() / 1e3));
  __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
  long total = 0;
  for (int i = 0; i < 2; i++) {
    void *done;
    pthread_join(threads[i], &done);
    total += (long)done;
  }
  double elapsed = now_ns() - start;
  report("c", total * 1e3 / elapsed, "Mops/s", counter == total);
  return 0;
}
