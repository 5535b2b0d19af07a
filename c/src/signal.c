/* Signals: what of them is -1 and errno, and sets. */
#include "internal.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __pthreads_kill(pid_t, int) IMPORT(kill);
int __pthreads_raise(int) IMPORT(raise);
int __pthreads_sigqueue(pid_t, int, int) IMPORT(sigqueue);
int __pthreads_sigaction(int, const struct sigaction *, struct sigaction *) IMPORT(sigaction);
int __pthreads_siginterrupt(int, int) IMPORT(siginterrupt);
int __pthreads_sigpending(sigset_t *) IMPORT(sigpending);
int __pthreads_sigsuspend(const sigset_t *) IMPORT(sigsuspend);
int __pthreads_sigwaitinfo(const sigset_t *, siginfo_t *) IMPORT(sigwaitinfo);
int __pthreads_sigtimedwait(const sigset_t *, siginfo_t *, const struct timespec *) IMPORT(sigtimedwait);
int __pthreads_pause(void) IMPORT(pause);
unsigned __pthreads_alarm(unsigned) IMPORT(alarm);

int kill(pid_t pid, int signo) { return result(__pthreads_kill(pid, signo)); }
int raise(int signo) { return result(__pthreads_raise(signo)); }
int sigqueue(pid_t pid, int signo, union sigval value) { return result(__pthreads_sigqueue(pid, signo, value.sival_int)); }
int sigaction(int signo, const struct sigaction *new, struct sigaction *old) { return result(__pthreads_sigaction(signo, new, old)); }
int siginterrupt(int signo, int flag) { return result(__pthreads_siginterrupt(signo, flag)); }
int sigprocmask(int how, const sigset_t *set, sigset_t *old) { return result(pthread_sigmask(how, set, old)); }
int sigpending(sigset_t *set) { return result(__pthreads_sigpending(set)); }
int sigsuspend(const sigset_t *set) { return result(__pthreads_sigsuspend(set)); }
int pause(void) { return result(__pthreads_pause()); }
unsigned alarm(unsigned seconds) { return __pthreads_alarm(seconds); }

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout) {
	siginfo_t own;
	if (info == NULL) info = &own;
	int error = timeout == NULL ? __pthreads_sigwaitinfo(set, info) : __pthreads_sigtimedwait(set, info, timeout);
	return error == 0 ? info->si_signo : result(error);
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info) {
	return sigtimedwait(set, info, NULL);
}

void (*signal(int signo, void (*handler)(int)))(int) {
	struct sigaction new = { .sa_flags = SA_RESTART }, old;
	new.sa_handler = handler;
	return sigaction(signo, &new, &old) == 0 ? old.sa_handler : SIG_ERR;
}

_Noreturn void __pthreads_abort(void) IMPORT(abort);

_Noreturn void __wrap_abort(void) {
	struct sigaction now;
	sigaction(SIGABRT, NULL, &now);
	if (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN) raise(SIGABRT);
	__pthreads_abort();
}

static int is_signal(int signo) {
	if (signo >= 1 && signo < NSIG) return 1;
	errno = EINVAL;
	return 0;
}

int sigemptyset(sigset_t *set) {
	set->__bits[0] = set->__bits[1] = 0;
	return 0;
}

int sigfillset(sigset_t *set) {
	set->__bits[0] = set->__bits[1] = ~0u;
	return 0;
}

int sigaddset(sigset_t *set, int signo) {
	if (!is_signal(signo)) return -1;
	set->__bits[(signo - 1) / 32] |= 1u << (signo - 1) % 32;
	return 0;
}

int sigdelset(sigset_t *set, int signo) {
	if (!is_signal(signo)) return -1;
	set->__bits[(signo - 1) / 32] &= ~(1u << (signo - 1) % 32);
	return 0;
}

int sigismember(const sigset_t *set, int signo) {
	if (!is_signal(signo)) return -1;
	return set->__bits[(signo - 1) / 32] >> (signo - 1) % 32 & 1;
}

void psignal(int signo, const char *text) {
	fprintf(stderr, "%s%ssignal %d\n", text == NULL ? "" : text, text == NULL || *text == 0 ? "" : ": ", signo);
}
