/* Clocks, sleeps, timers, scheduling: what of them is -1 and errno.  The C library's own take a pointer for a clock. */
#include "internal.h"
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

int __pthreads_clock_gettime(clockid_t, struct timespec *) IMPORT(clock_gettime);
int __pthreads_clock_getres(clockid_t, struct timespec *) IMPORT(clock_getres);
int __pthreads_clock_settime(clockid_t, const struct timespec *) IMPORT(clock_settime);
int __pthreads_clock_nanosleep(clockid_t, int, const struct timespec *, struct timespec *) IMPORT(clock_nanosleep);
int __pthreads_nanosleep(const struct timespec *, struct timespec *) IMPORT(nanosleep);
int __pthreads_timer_create(clockid_t, struct sigevent *, timer_t *) IMPORT(timer_create);
int __pthreads_timer_delete(timer_t) IMPORT(timer_delete);
int __pthreads_timer_settime(timer_t, int, const struct itimerspec *, struct itimerspec *) IMPORT(timer_settime);
int __pthreads_timer_gettime(timer_t, struct itimerspec *) IMPORT(timer_gettime);
int __pthreads_timer_getoverrun(timer_t, int *) IMPORT(timer_getoverrun);

int clock_getcpuclockid(pid_t pid, clockid_t *clock) {
	int __pthreads_clock_getcpuclockid(pid_t, clockid_t *) IMPORT(clock_getcpuclockid);
	return __pthreads_clock_getcpuclockid(pid, clock);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t) { return result(__pthreads_clock_gettime(clock, t)); }
int __wrap_clock_getres(clockid_t clock, struct timespec *t) { return result(__pthreads_clock_getres(clock, t)); }
int clock_settime(clockid_t clock, const struct timespec *t) { return result(__pthreads_clock_settime(clock, t)); }
int __wrap_nanosleep(const struct timespec *t, struct timespec *left) { return result(__pthreads_nanosleep(t, left)); }

int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *t, struct timespec *left) {
	return __pthreads_clock_nanosleep(clock, flags, t, left);
}

unsigned __wrap_sleep(unsigned seconds) {
	struct timespec t = { .tv_sec = seconds }, left = { 0 };
	return __pthreads_nanosleep(&t, &left) == 0 ? 0 : left.tv_sec + (left.tv_nsec > 0);
}

int __wrap_usleep(unsigned microseconds) {
	struct timespec t = { .tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000 };
	return result(__pthreads_nanosleep(&t, NULL));
}

clock_t clock(void) {
	struct timespec t;
	__pthreads_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer) { return result(__pthreads_timer_create(clock, event, timer)); }
int timer_delete(timer_t timer) { return result(__pthreads_timer_delete(timer)); }
int timer_gettime(timer_t timer, struct itimerspec *value) { return result(__pthreads_timer_gettime(timer, value)); }

int timer_settime(timer_t timer, int flags, const struct itimerspec *value, struct itimerspec *old) {
	return result(__pthreads_timer_settime(timer, flags, value, old));
}

int timer_getoverrun(timer_t timer) {
	int overrun;
	int error = __pthreads_timer_getoverrun(timer, &overrun);
	return error == 0 ? overrun : result(error);
}

int __pthreads_sched_getparam(pid_t, struct sched_param *) IMPORT(sched_getparam);
int __pthreads_sched_setparam(pid_t, const struct sched_param *) IMPORT(sched_setparam);
int __pthreads_sched_getscheduler(pid_t, int *) IMPORT(sched_getscheduler);
int __pthreads_sched_setscheduler(pid_t, int, const struct sched_param *, int *) IMPORT(sched_setscheduler);
int __pthreads_sched_rr_get_interval(pid_t, struct timespec *) IMPORT(sched_rr_get_interval);

int sched_getparam(pid_t pid, struct sched_param *param) { return result(__pthreads_sched_getparam(pid, param)); }
int sched_setparam(pid_t pid, const struct sched_param *param) { return result(__pthreads_sched_setparam(pid, param)); }
int sched_rr_get_interval(pid_t pid, struct timespec *t) { return result(__pthreads_sched_rr_get_interval(pid, t)); }

int sched_getscheduler(pid_t pid) {
	int policy;
	int error = __pthreads_sched_getscheduler(pid, &policy);
	return error == 0 ? policy : result(error);
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param) {
	int before;
	int error = __pthreads_sched_setscheduler(pid, policy, param, &before);
	return error == 0 ? before : result(error);
}

static int priority(int policy, int real) {
	if (policy == SCHED_OTHER) return 0;
	return policy == SCHED_FIFO || policy == SCHED_RR ? real : result(EINVAL);
}

int sched_get_priority_max(int policy) { return priority(policy, __PTHREADS_PRIORITY_MAX); }
int sched_get_priority_min(int policy) { return priority(policy, __PTHREADS_PRIORITY_MIN); }
