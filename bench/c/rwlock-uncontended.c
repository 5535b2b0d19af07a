// Measures a lock and its unlock, pthread_rwlock_rdlock or, with the argument "write", pthread_rwlock_wrlock, of a read-write
// lock that nobody else wants, in nanoseconds a pair.
//
// A second thread sleeps meanwhile: see mutex-uncontended.c.

#include "measure.h"
#include <semaphore.h>

static sem_t finish;

static void *sleeper(void *argument) {
  sem_wait(&finish);
  return argument;
}

int main(int argc, char **argv) {
  int write = argc > 1 && strcmp(argv[1], "write") == 0;
  pthread_rwlock_t lock;
  pthread_rwlock_init(&lock, NULL);

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
      if (write)
        for (int i = 0; i < 4096; i++, pairs++) {
          pthread_rwlock_wrlock(&lock);
          counter++;
          pthread_rwlock_unlock(&lock);
        }
      else
        for (int i = 0; i < 4096; i++, pairs++) {
          pthread_rwlock_rdlock(&lock);
          counter++;
          pthread_rwlock_unlock(&lock);
        }
      end = now_ns();
    }
  }
  report("c", (end - start) / pairs, "ns", counter == pairs);

  sem_post(&finish);
  pthread_join(thread, NULL);
  return 0;
}
