// Measures pthread_create + pthread_join of a thread that returns its argument, one after another, in
// microseconds a pair; glibc's stack cache is warm after the first.
//
// Across cores nobody is pinned, and only the pairs count whose thread ran on another core than its creator
// (the kernel places one half to two thirds of them there): a new thread inherits its creator's pin, and
// to give it another one through its attributes costs glibc a handshake that the contestants in JavaScript
// do not have. The argument `attribute` measures just that, for comparison.

#include "measure.h"

#ifdef __wasm__
#define sched_getcpu() 0                     // on one core only
enum { WARM_PAIRS = 20000 };                 // the engine compiles what ran often, however long that took
#else
enum { WARM_PAIRS = 0 };
#endif

static int ran_on;

static void *echo(void *argument) {
  ran_on = sched_getcpu();
  return argument;
}

int main(int argc, char **argv) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int by_attribute = argc > 1 && strcmp(argv[1], "attribute") == 0;
#ifndef __wasm__
  if (across_cores() && by_attribute) {
    cpu_set_t other;
    CPU_ZERO(&other);
    CPU_SET(core_of(1), &other);
    pthread_attr_setaffinity_np(&attributes, sizeof other, &other);
    pin_worker(0);
  }
#endif
  (void)by_attribute;

  long created = 0, sum = 0, counted = 0;
  double counted_ns = 0;
  for (int warm = 1; warm >= 0; warm--) {
    double length = warm ? warm_ns() : duration_ns();
    created = sum = counted = 0;
    counted_ns = 0;
    double start = now_ns(), last = start;
    while (last - start < length || (warm && created < WARM_PAIRS)) {
      pthread_t thread;
      void *result;
      int creator_on = sched_getcpu();
      if (pthread_create(&thread, &attributes, echo, (void *)42L) != 0) return 1;
      pthread_join(thread, &result);
      double now = now_ns();
      sum += (long)result;
      created++;
      if (!across_cores() || ran_on != creator_on) {
        counted++;
        counted_ns += now - last;
      }
      last = now;
    }
  }
  if (counted == 0) {
    fprintf(stderr, "no thread ran on another core\n");
    return 1;
  }
  report("c", counted_ns / 1e3 / counted, "us", sum == 42 * created);
  return 0;
}
