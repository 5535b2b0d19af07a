// Measures pthread_mutex_lock + pthread_mutex_unlock of a default mutex that nobody else wants, in
// nanoseconds a pair.
//
// A second thread sleeps meanwhile: glibc skips the atomic instruction in a process of one thread, which no
// program that needs a mutex is.

#include "measure.h"
#include <semaphore.h>

static sem_t finish;

static void *sleeper(void *argument) {
  sem_wait(&finish);
  return argument;
}

int main(int argc, char **argv) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (argc > 1 && strcmp(argv[1], "errorcheck") == 0)
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);

  pthread_t thread;
  sem_init(&finish, 0, 0);
  pthread_create(&thread, NULL, sleeper, NULL);

  volatile long counter = 0;
  long pairs = 0;
  double start = 0, end = 0;
  for (int warm = 1; warm >= 0; warm--) {
    double length = warm ? warm_ns() : duration_ns();
    pairs = counter = 0;
    start = end = now_ns();
    while (end - start < length) {
      for (int i = 0; i < 4096; i++, pairs++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
      }
      end = now_ns();
    }
  }
  report("c", (end - start) / pairs, "ns", counter == pairs);

  sem_post(&finish);
  pthread_join(thread, NULL);
  return 0;
}
