// Measures a round trip of two threads that hand a turn to each other under one mutex and one condition:
// lock; while (turn is not mine) wait; turn = the other's; signal; unlock.  Microseconds a round trip.

#include "measure.h"

enum { PING, PONG, END };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn = PING;
static double microseconds;
static long rounds;

static void play(void) {
  pthread_mutex_lock(&mutex);
  while (turn != PING) pthread_cond_wait(&condition, &mutex);
  turn = PONG;
  pthread_cond_signal(&condition);
  pthread_mutex_unlock(&mutex);
}

static void *ping(void *argument) {
  pin_worker(0);
  for (int warm = 1; warm >= 0; warm--) {
    double length = warm ? warm_ns() : duration_ns();
    long played = 0;
    double start = now_ns(), end = start;
    while (end - start < length) {
      for (int i = 0; i < 64; i++, played++) play();
      end = now_ns();
    }
    microseconds = (end - start) / 1e3 / played;
    rounds += played;
  }
  pthread_mutex_lock(&mutex);
  while (turn != PING) pthread_cond_wait(&condition, &mutex);
  turn = END;
  pthread_cond_signal(&condition);
  pthread_mutex_unlock(&mutex);
  return argument;
}

static void *pong(void *argument) {
  long answered = 0;
  pin_worker(1);
  for (;;) {
    pthread_mutex_lock(&mutex);
    while (turn == PING) pthread_cond_wait(&condition, &mutex);
    int last = turn == END;
    if (!last) {
      turn = PING;
      answered++;
      pthread_cond_signal(&condition);
    }
    pthread_mutex_unlock(&mutex);
    if (last) return (void *)answered;
  }
}

int main(void) {
  pthread_t first, second;
  void *answered;
  pthread_create(&second, NULL, pong, NULL);
  pthread_create(&first, NULL, ping, NULL);
  pthread_join(first, NULL);
  pthread_join(second, &answered);
  report("c", microseconds, "us", (long)answered == rounds);
  return 0;
}
