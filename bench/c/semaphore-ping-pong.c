// Measures a round trip of two threads that post to each other's semaphore: post the other's, wait for mine.
// Microseconds a round trip.

#include "measure.h"
#include <semaphore.h>

static sem_t to_pong, to_ping;
static int end_of_game;
static double microseconds;
static long rounds;

static void *ping(void *argument) {
  pin_worker(0);
  for (int warm = 1; warm >= 0; warm--) {
    double length = warm ? warm_ns() : duration_ns();
    long played = 0;
    double start = now_ns(), end = start;
    while (end - start < length) {
      for (int i = 0; i < 64; i++, played++) {
        sem_post(&to_pong);
        sem_wait(&to_ping);
      }
      end = now_ns();
    }
    microseconds = (end - start) / 1e3 / played;
    rounds += played;
  }
  end_of_game = 1;
  sem_post(&to_pong);
  return argument;
}

static void *pong(void *argument) {
  long answered = 0;
  (void)argument;
  pin_worker(1);
  for (;;) {
    sem_wait(&to_pong);
    if (end_of_game) return (void *)answered;
    answered++;
    sem_post(&to_ping);
  }
}

int main(void) {
  pthread_t first, second;
  void *answered;
  sem_init(&to_pong, 0, 0);
  sem_init(&to_ping, 0, 0);
  pthread_create(&second, NULL, pong, NULL);
  pthread_create(&first, NULL, ping, NULL);
  pthread_join(first, NULL);
  pthread_join(second, &answered);
  report("c", microseconds, "us", (long)answered == rounds);
  return 0;
}
