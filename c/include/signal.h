#ifndef _SIGNAL_H
#define _SIGNAL_H

#include <features.h>
#define __NEED_size_t
#define __NEED_pid_t
#define __NEED_uid_t
#define __NEED_struct_timespec
#define __NEED_pthread_t
#define __NEED_time_t
#define __NEED_clock_t
#define __NEED_sigset_t
#include <bits/alltypes.h>
#include <bits/pthreads.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGPOLL 29
#define SIGIO SIGPOLL
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 34
#define SIGRTMAX 64
#define NSIG 65

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SI_USER 0
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_MESGQ (-3)
#define SI_ASYNCIO (-4)
#define SI_TKILL (-6)

#define SA_NOCLDSTOP 1
#define SA_SIGINFO 4
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000

typedef volatile int sig_atomic_t;

union sigval { int sival_int; void *sival_ptr; };

typedef struct {
	int si_signo, si_code, si_errno;
	pid_t si_pid;
	uid_t si_uid;
	union sigval si_value;
	int __reserved[10];
} siginfo_t;

struct sigaction {
	union {
		void (*sa_handler)(int);
		void (*sa_sigaction)(int, siginfo_t *, void *);
	} __handler;
	int sa_flags;
	sigset_t sa_mask;
};
#define sa_handler __handler.sa_handler
#define sa_sigaction __handler.sa_sigaction

#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))-2)
#define SIG_ERR ((void (*)(int))-1)
#define SIG_HOLD ((void (*)(int))-3)

#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4

struct sigevent {
	union sigval sigev_value;
	int sigev_signo;
	int sigev_notify;
	void (*sigev_notify_function)(union sigval);
	void *sigev_notify_attributes;
	pthread_t sigev_notify_thread_id;
};

void (*signal(int, void (*)(int)))(int);
int raise(int);
int kill(pid_t, int);
int sigqueue(pid_t, int, union sigval);
int sigaction(int, const struct sigaction *__restrict, struct sigaction *__restrict);
int siginterrupt(int, int);
int sighold(int);
int sigrelse(int);
int sigignore(int);
int sigpause(int);
void (*sigset(int, void (*)(int)))(int);
int sigprocmask(int, const sigset_t *__restrict, sigset_t *__restrict);
int sigpending(sigset_t *);
int sigsuspend(const sigset_t *);
int sigwait(const sigset_t *__restrict, int *__restrict) __PTHREADS_IMPORT(sigwait);
int sigwaitinfo(const sigset_t *__restrict, siginfo_t *__restrict);
int sigtimedwait(const sigset_t *__restrict, siginfo_t *__restrict, const struct timespec *__restrict);
int pthread_sigmask(int, const sigset_t *__restrict, sigset_t *__restrict) __PTHREADS_IMPORT(pthread_sigmask);
int pthread_kill(pthread_t, int) __PTHREADS_IMPORT(pthread_kill);

int sigemptyset(sigset_t *);
int sigfillset(sigset_t *);
int sigaddset(sigset_t *, int);
int sigdelset(sigset_t *, int);
int sigismember(const sigset_t *, int);

void psignal(int, const char *);

#ifdef __cplusplus
}
#endif

#endif
