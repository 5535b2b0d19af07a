/* The C library's streams, which know no threads, each under a lock of its own: who waits for input stops nobody who prints. */
#include "internal.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STANDARD = 3, LOCKS = 64 };
static struct lock locks[LOCKS];
static struct lock files;                                /* the list of open streams */

/* What sprintf and its kin make on the stack is nobody else's. */
static struct lock *of(FILE *f) {
	if (f == stdin) return &locks[0];
	if (f == stdout) return &locks[1];
	if (f == stderr) return &locks[2];
	if (__pthreads_on_stack(f)) return NULL;
	return &locks[STANDARD + ((unsigned long)f >> 4) % (LOCKS - STANDARD)];
}

static struct lock *enter(FILE *f) {
	struct lock *l = of(f);
	if (l != NULL) __pthreads_acquire(l);
	return l;
}

static void leave(struct lock *l) {
	__pthreads_take_errno();
	if (l != NULL) __pthreads_release(l);
}

void flockfile(FILE *f) { enter(f); }
void funlockfile(FILE *f) { leave(of(f)); }
int ftrylockfile(FILE *f) {
	struct lock *l = of(f);
	return l == NULL || __pthreads_try_acquire(l) ? 0 : -1;
}

#define LOCKED(type, name, stream, params, args) \
	type __real_##name params; \
	type __wrap_##name params { \
		struct lock *l = enter(stream); \
		type value = __real_##name args; \
		leave(l); \
		return value; \
	}

LOCKED(int, vfprintf, f, (FILE *f, const char *format, va_list list), (f, format, list))
LOCKED(int, vfscanf, f, (FILE *f, const char *format, va_list list), (f, format, list))
LOCKED(int, fputs, f, (const char *s, FILE *f), (s, f))
LOCKED(int, puts, stdout, (const char *s), (s))
LOCKED(int, fputc, f, (int c, FILE *f), (c, f))
LOCKED(int, putc, f, (int c, FILE *f), (c, f))
LOCKED(int, putchar, stdout, (int c), (c))
LOCKED(size_t, fwrite, f, (const void *p, size_t size, size_t count, FILE *f), (p, size, count, f))
LOCKED(size_t, fread, f, (void *p, size_t size, size_t count, FILE *f), (p, size, count, f))
LOCKED(char *, fgets, f, (char *s, int size, FILE *f), (s, size, f))
LOCKED(int, fgetc, f, (FILE *f), (f))
LOCKED(int, getc, f, (FILE *f), (f))
LOCKED(int, getchar, stdin, (void), ())
LOCKED(int, ungetc, c == EOF ? stderr : f, (int c, FILE *f), (c, f))
LOCKED(int, fseek, f, (FILE *f, long offset, int whence), (f, offset, whence))
LOCKED(int, fseeko, f, (FILE *f, off_t offset, int whence), (f, offset, whence))
LOCKED(long, ftell, f, (FILE *f), (f))
LOCKED(off_t, ftello, f, (FILE *f), (f))
LOCKED(int, setvbuf, f, (FILE *f, char *buffer, int mode, size_t size), (f, buffer, mode, size))
LOCKED(ssize_t, getdelim, f, (char **s, size_t *size, int delimiter, FILE *f), (s, size, delimiter, f))
LOCKED(ssize_t, getline, f, (char **s, size_t *size, FILE *f), (s, size, f))

#define LISTED(type, name, params, args) \
	type __real_##name params; \
	type __wrap_##name params { \
		__pthreads_acquire(&files); \
		type value = __real_##name args; \
		__pthreads_take_errno(); \
		__pthreads_release(&files); \
		return value; \
	}

LISTED(FILE *, fdopen, (int fd, const char *mode), (fd, mode))

/* A pipe that has no other end yet is waited for outside of the lock: nobody else who opens a file waits with us. */
FILE *__wrap_fopen(const char *path, const char *mode) {
	if (*mode != 'r' && *mode != 'w' && *mode != 'a') {
		errno = EINVAL;
		return NULL;
	}
	int flags = strchr(mode, '+') != NULL ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
	if (strchr(mode, 'x') != NULL) flags |= O_EXCL;
	if (*mode != 'r') flags |= O_CREAT | (*mode == 'w' ? O_TRUNC : O_APPEND);
	int fd = open(path, flags, 0666);
	if (fd < 0) return NULL;
	FILE *f = __wrap_fdopen(fd, mode);
	if (f == NULL) {
		int error = errno;
		close(fd);
		errno = error;
	}
	return f;
}

int __real_fclose(FILE *);
int __wrap_fclose(FILE *f) {
	__pthreads_acquire(&files);
	struct lock *l = enter(f);
	int value = __real_fclose(f);
	leave(l);
	__pthreads_release(&files);
	return value;
}

/* Several threads may flush at once: locks are taken in one order, and stdin's never, who holds it may be waiting for input. */
int __real_fflush(FILE *);
int __wrap_fflush(FILE *f) {
	if (f != NULL) {
		struct lock *l = enter(f);
		int value = __real_fflush(f);
		leave(l);
		return value;
	}
	__pthreads_acquire(&files);
	for (int i = 1; i < LOCKS; i++) __pthreads_acquire(&locks[i]);
	int value = __real_fflush(NULL);
	__pthreads_take_errno();
	for (int i = LOCKS - 1; i > 0; i--) __pthreads_release(&locks[i]);
	__pthreads_release(&files);
	return value;
}

/* At the end of the program: whoever is in the middle of a stream stays there, and the stream as it is. */
void __pthreads_flush(void) {
	if (__pthreads_try_acquire(&locks[1])) __real_fflush(stdout);
	if (!__pthreads_try_acquire(&files)) return;
	int taken = 0;
	for (int i = STANDARD; i < LOCKS; i++) taken += __pthreads_try_acquire(&locks[i]);
	if (taken == LOCKS - STANDARD) __real_fflush(NULL);
}
