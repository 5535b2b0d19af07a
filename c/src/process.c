/* What a process is elsewhere: children, of which a program has none; a user, owners and modes of files, which WASI does not have:
 * stat says owner 0 for all, and nothing changes that; its use of the processors, of which no part is a system's. */
#include "internal.h"
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t waitpid(pid_t pid, int *status, int options) {
	(void)pid;
	(void)status;
	return result(options & ~(WNOHANG | WUNTRACED | WCONTINUED) ? EINVAL : ECHILD);
}

pid_t wait(int *status) {
	return waitpid(-1, status, 0);
}

static int refused(void) { return result(ENOSYS); }

int chmod(const char *path, mode_t mode) { return (void)path, (void)mode, refused(); }
int fchmod(int fd, mode_t mode) { return (void)fd, (void)mode, refused(); }
int chown(const char *path, uid_t user, gid_t group) { return (void)path, (void)user, (void)group, refused(); }
int lchown(const char *path, uid_t user, gid_t group) { return (void)path, (void)user, (void)group, refused(); }
int fchown(int fd, uid_t user, gid_t group) { return (void)fd, (void)user, (void)group, refused(); }

uid_t getuid(void) { return 0; }
uid_t geteuid(void) { return 0; }
gid_t getgid(void) { return 0; }
gid_t getegid(void) { return 0; }

int getpriority(int which, id_t who) { return (void)which, (void)who, refused(); }
int setpriority(int which, id_t who, int value) { return (void)which, (void)who, (void)value, refused(); }

int getrusage(int who, struct rusage *usage) {
	struct timespec t = { 0 };
	if (who != RUSAGE_SELF && who != RUSAGE_THREAD && who != RUSAGE_CHILDREN) return result(EINVAL);
	if (who != RUSAGE_CHILDREN && clock_gettime(who == RUSAGE_SELF ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID, &t) != 0) return -1;
	*usage = (struct rusage){ .ru_utime = { .tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000 } };
	return 0;
}
