// Measures a switch between two threads that share a carrier: both call sched_yield and nothing else. Nanoseconds a switch.
//
// Each reads the clock at every 4096th of its switches.

#include "../c/measure.h"

static double stop;
static long switches[2];

static void *yields(void *own) {
  long *count = own;
  while (now_ns() < stop) {
    for (int i = 0; i < 4096; i++) sched_yield();
    *count += 4096;
  }
  return NULL;
}

int main(void) {
  double ns = 0;
  for (int warm = 1; warm >= 0; warm--) {
    double start = now_ns();
    stop = start + duration_ns();
    pthread_t pair[2];
    for (int i = 0; i < 2; i++) {
      switches[i] = 0;
      if (pthread_create(&pair[i], NULL, yields, &switches[i]) != 0) return 1;
    }
    for (int i = 0; i < 2; i++) pthread_join(pair[i], NULL);
    ns = now_ns() - start;
  }
  long sum = switches[0] + switches[1], difference = labs(switches[0] - switches[1]);
  report("wasm", ns / sum, "ns", 50 * difference <= sum);
  return 0;
}
