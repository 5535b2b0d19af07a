/* The simpler signal functions of X/Open, which POSIX.1-2024 has no more, but programs have. */
#include "internal.h"
#include <signal.h>

static int change(int how, int signo) {
	sigset_t set;
	sigemptyset(&set);
	return sigaddset(&set, signo) != 0 ? -1 : sigprocmask(how, &set, NULL);
}

int sighold(int signo) { return change(SIG_BLOCK, signo); }
int sigrelse(int signo) { return change(SIG_UNBLOCK, signo); }
int sigignore(int signo) { return sigaction(signo, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL); }

int sigpause(int signo) {
	sigset_t set;
	sigprocmask(SIG_BLOCK, NULL, &set);
	return sigdelset(&set, signo) != 0 ? -1 : sigsuspend(&set);
}

void (*sigset(int signo, void (*handler)(int)))(int) {
	sigset_t set, before;
	struct sigaction old;
	sigemptyset(&set);
	if (sigaddset(&set, signo) != 0) return SIG_ERR;
	if (sigaction(signo, handler == SIG_HOLD ? NULL : &(struct sigaction){ .sa_handler = handler }, &old) != 0) return SIG_ERR;
	sigprocmask(handler == SIG_HOLD ? SIG_BLOCK : SIG_UNBLOCK, &set, &before);
	return sigismember(&before, signo) ? SIG_HOLD : old.sa_handler;
}
