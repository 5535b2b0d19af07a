// A program whose module is some 200 KB: many functions that reach a call which blocks, beside what the C library brings along.

#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sem_t gate;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define STEP(n) \
  static double step##n(double x, int depth, char *text) { \
    char line[64]; \
    pthread_mutex_lock(&lock); \
    for (int i = 0; i < depth; i++) { \
      x = sin(x + n) * (i + 1) + sqrt(x * x + i); \
      if (((int)x ^ n) % 7 == 0) sem_wait(&gate); \
      else text[i % 32] = (char)(x * n); \
    } \
    pthread_mutex_unlock(&lock); \
    snprintf(line, sizeof line, "%g %d", x, depth); \
    return strtod(line, NULL) + strlen(line); \
  }
#define TEN(n) STEP(n##0) STEP(n##1) STEP(n##2) STEP(n##3) STEP(n##4) STEP(n##5) STEP(n##6) STEP(n##7) STEP(n##8) STEP(n##9)
#define HUNDRED(n) TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)
HUNDRED(1) HUNDRED(2) HUNDRED(3) HUNDRED(4)

typedef double step(double, int, char *);
#define NAME(n) step##n,
#define NAMES(n) NAME(n##0) NAME(n##1) NAME(n##2) NAME(n##3) NAME(n##4) NAME(n##5) NAME(n##6) NAME(n##7) NAME(n##8) NAME(n##9)
#define ALL(n) NAMES(n##0) NAMES(n##1) NAMES(n##2) NAMES(n##3) NAMES(n##4) NAMES(n##5) NAMES(n##6) NAMES(n##7) NAMES(n##8) NAMES(n##9)
static step *const steps[] = { ALL(1) ALL(2) ALL(3) ALL(4) };

int main(int argc, char **argv) {
  char text[32];
  double x = argc;
  for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) x = steps[i](x, argc, text);
  printf("%g\n", x);
  return 0;
}
