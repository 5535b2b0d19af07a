#ifndef _WASI_EMULATED_GETPID
#define _WASI_EMULATED_GETPID
#endif
#include_next <unistd.h>

#ifndef _PTHREADS_UNISTD_H
#define _PTHREADS_UNISTD_H

#define __NEED_pid_t
#define __NEED_uid_t
#define __NEED_gid_t
#include <bits/alltypes.h>

#ifdef __cplusplus
extern "C" {
#endif

pid_t getpid(void);
unsigned alarm(unsigned);
int pause(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);

/* -1: ENOSYS. */
int chown(const char *, uid_t, gid_t);
int lchown(const char *, uid_t, gid_t);
int fchown(int, uid_t, gid_t);

#define _POSIX_THREADS 202405L
#define _POSIX_THREAD_ATTR_STACKSIZE 202405L
#define _POSIX_THREAD_ATTR_STACKADDR 202405L
#define _POSIX_THREAD_PRIORITY_SCHEDULING 202405L
#define _POSIX_THREAD_PRIO_INHERIT 202405L
#define _POSIX_THREAD_PRIO_PROTECT 202405L
#define _POSIX_THREAD_ROBUST_PRIO_INHERIT 202405L
#define _POSIX_THREAD_PROCESS_SHARED 202405L
#define _POSIX_BARRIERS 202405L
#define _POSIX_SEMAPHORES 202405L
#define _POSIX_SPIN_LOCKS 202405L
#define _POSIX_READER_WRITER_LOCKS 202405L
#define _POSIX_REALTIME_SIGNALS 202405L
#define _POSIX_CLOCK_SELECTION 202405L
#define _POSIX_THREAD_CPUTIME 202405L
#define _POSIX_TIMERS 202405L

#ifdef __cplusplus
}
#endif

#endif
