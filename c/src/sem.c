/* Semaphores as POSIX has them: -1 and errno.  Those with a name belong to the program, which is all that can have them open. */
#include "internal.h"
#include <limits.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int __pthreads_sem_init(sem_t *, int, unsigned) IMPORT(sem_init);
int __pthreads_sem_destroy(sem_t *) IMPORT(sem_destroy);
int __pthreads_sem_wait(sem_t *) IMPORT(sem_wait);
int __pthreads_sem_trywait(sem_t *) IMPORT(sem_trywait);
int __pthreads_sem_timedwait(sem_t *, const struct timespec *) IMPORT(sem_timedwait);
int __pthreads_sem_clockwait(sem_t *, clockid_t, const struct timespec *) IMPORT(sem_clockwait);
int __pthreads_sem_post(sem_t *) IMPORT(sem_post);
int __pthreads_sem_getvalue(sem_t *, int *) IMPORT(sem_getvalue);

int sem_init(sem_t *s, int shared, unsigned value) { return result(__pthreads_sem_init(s, shared, value)); }
int sem_destroy(sem_t *s) { return result(__pthreads_sem_destroy(s)); }
int sem_wait(sem_t *s) { return result(__pthreads_sem_wait(s)); }
int sem_trywait(sem_t *s) { return result(__pthreads_sem_trywait(s)); }
int sem_timedwait(sem_t *s, const struct timespec *t) { return result(__pthreads_sem_timedwait(s, t)); }
int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *t) { return result(__pthreads_sem_clockwait(s, clock, t)); }
int sem_post(sem_t *s) { return result(__pthreads_sem_post(s)); }
int sem_getvalue(sem_t *s, int *value) { return result(__pthreads_sem_getvalue(s, value)); }

/* One with a name lives while it has the name or somebody has it open. */
struct named { struct named *next; int opens, linked; sem_t sem; char name[]; };
static struct named *names;
static struct lock lock;

static struct named **find(const char *name) {
	struct named **at = &names;
	while (*at != NULL && !((*at)->linked && strcmp((*at)->name, name) == 0)) at = &(*at)->next;
	return at;
}

static void drop(struct named **at) {
	struct named *n = *at;
	if (n->linked || n->opens > 0) return;
	*at = n->next;
	free(n);
}

static int open_locked(const char *name, int flags, unsigned value, sem_t **out) {
	struct named *n = *find(name);
	if (n != NULL && (flags & O_CREAT) && (flags & O_EXCL)) return EEXIST;
	if (n == NULL) {
		if (!(flags & O_CREAT)) return ENOENT;
		if (value > SEM_VALUE_MAX) return EINVAL;
		n = malloc(sizeof *n + strlen(name) + 1);
		if (n == NULL) return ENOSPC;
		strcpy(n->name, name);
		n->opens = 0;
		n->linked = 1;
		__pthreads_sem_init(&n->sem, 0, value);
		n->next = names;
		names = n;
	}
	n->opens++;
	*out = &n->sem;
	return 0;
}

sem_t *sem_open(const char *name, int flags, ...) {
	va_list args;
	va_start(args, flags);
	unsigned value = 0;
	if (flags & O_CREAT) {
		va_arg(args, unsigned);
		value = va_arg(args, unsigned);
	}
	va_end(args);
	while (*name == '/') name++;
	sem_t *s = SEM_FAILED;
	int error = *name == 0 || strchr(name, '/') != NULL ? EINVAL : strlen(name) > NAME_MAX ? ENAMETOOLONG : 0;
	if (error == 0) {
		__pthreads_acquire(&lock);
		error = open_locked(name, flags, value, &s);
		__pthreads_release(&lock);
	}
	if (error != 0) errno = error;
	return s;
}

int sem_close(sem_t *s) {
	int error = EINVAL;
	__pthreads_acquire(&lock);
	for (struct named **at = &names; *at != NULL; at = &(*at)->next) {
		if (&(*at)->sem != s || (*at)->opens == 0) continue;
		(*at)->opens--;
		drop(at);
		error = 0;
		break;
	}
	__pthreads_release(&lock);
	return result(error);
}

int sem_unlink(const char *name) {
	while (*name == '/') name++;
	if (strlen(name) > NAME_MAX) return result(ENAMETOOLONG);
	__pthreads_acquire(&lock);
	struct named **at = find(name);
	int error = *at == NULL ? ENOENT : 0;
	if (error == 0) {
		(*at)->linked = 0;
		drop(at);
	}
	__pthreads_release(&lock);
	return result(error);
}
