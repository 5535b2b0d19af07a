#ifndef __wasilibc___typedef_clockid_t_h
#define __wasilibc___typedef_clockid_t_h

/* A number, as everywhere but in wasi-libc: clocks of threads are numbers too. */
typedef int clockid_t;

#endif
