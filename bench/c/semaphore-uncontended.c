// Measures sem_post + sem_wait of a semaphore that nobody else uses, in nanoseconds a pair.
//
// A second thread sleeps meanwhile: see mutex-uncontended.c.

#include "measure.h"
#include <semaphore.h>

static sem_t finish;

static void *sleeper(void *argument) {
  sem_wait(&finish);
  return argument;
}

int main(void) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);

  pthread_t thread;
  sem_init(&finish, 0, 0);
  pthread_create(&thread, NULL, sleeper, NULL);

  long pairs = 0;
  int wrong = 0;
  double start = 0, end = 0;
  for (int warm = 1; warm >= 0; warm--) {
    double length = warm ? warm_ns() : duration_ns();
    pairs = 0;
    start = end = now_ns();
    while (end - start < length) {
      for (int i = 0; i < 4096; i++, pairs++) {
        wrong |= sem_post(&semaphore);
        wrong |= sem_wait(&semaphore);
      }
      end = now_ns();
    }
  }
  int value;
  sem_getvalue(&semaphore, &value);
  report("c", (end - start) / pairs, "ns", wrong == 0 && value == 0);

  sem_post(&finish);
  pthread_join(thread, NULL);
  return 0;
}
