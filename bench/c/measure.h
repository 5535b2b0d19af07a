// What the C contestants share, native ones and those of bench/wasm: the run's two settings, the clock, pinning, and the one line of JSON.
//
// BENCH_PLACEMENT     S: the process is confined to one core.  X: the two threads that work sit on different
//                     cores, each pinned by pthread_setaffinity_np.  Anything else: nothing is pinned.
// BENCH_CORES         the cores to use, "0,1"
// BENCH_MILLISECONDS  how long to measure

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline double duration_ns(void) {
  const char *ms = getenv("BENCH_MILLISECONDS");
  return (ms ? atof(ms) : 400) * 1e6;
}

// How long to warm up: the caches; in WebAssembly also the engine's compiler, which works on the same core, for as long as the contestants in JavaScript do.
static inline double warm_ns(void) {
#ifdef __wasm__
  return duration_ns();
#else
  return duration_ns() / 4;
#endif
}

static inline int across_cores(void) {
  const char *placement = getenv("BENCH_PLACEMENT");
  return placement && strcmp(placement, "X") == 0;
}

// The core of worker 0 or 1, from BENCH_CORES.
static inline int core_of(int worker) {
  const char *cores = getenv("BENCH_CORES");
  if (!cores) return worker;
  const char *second = strchr(cores, ',');
  return atoi(worker == 0 || !second ? cores : second + 1);
}

#ifdef __wasm__
// A program in WebAssembly knows no cores: who starts it pins.
static inline void pin_worker(int worker) {
  (void)worker;
}
#else
// Pins the calling thread, if this is a run across cores.
static inline void pin_worker(int worker) {
  if (!across_cores()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core_of(worker), &set);
  if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) {
    fprintf(stderr, "cannot pin a thread to core %d\n", core_of(worker));
    exit(1);
  }
}
#endif

static inline void report(const char *name, double value, const char *unit, int ok) {
  printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"%s\",\"ok\":%s}\n", name, value, unit, ok ? "true" : "false");
}
