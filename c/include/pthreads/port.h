/* Ports: messages between threads of C and of TypeScript, as bytes (docs/PORTS.md).  Not POSIX.
 *
 * A program has the ports that it is given by name when it starts: `program.run({ ports: { words } })`.  A message is the sender's bytes until it is sent,
 * the receiver's from then on: what TypeScript receives is a Uint8Array; what it sends here is any array of bytes, or a string, which arrives as UTF-8.
 *
 * All functions return 0 or an error number.  Those that wait are cancellation points; times are absolute, of CLOCK_REALTIME.
 */
#ifndef _PTHREADS_PORT_H
#define _PTHREADS_PORT_H

#include <features.h>
#define __NEED_size_t
#define __NEED_time_t
#define __NEED_struct_timespec
#define __NEED_pthread_t
#include <bits/alltypes.h>
#include <bits/pthreads.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A port of the program. */
typedef int port_t;

/** A message that the calling thread has taken. */
typedef struct {
	size_t size;      /* of its body, in bytes, whether they had room or not */
	pthread_t sender; /* who sent it: a tid of the process, also of a thread of TypeScript */
	int awaited;      /* whether the sender waits for an answer; the answer to another one is thrown away */
	int __record, __use;
} port_message_t;

/* The port of that name.  ENOENT: the program was given none. */
int port_open(port_t *, const char *) __PTHREADS_IMPORT(port_open);

/* Sends `size` bytes and goes on.  Waits while the port is full; port_trysend: EAGAIN.  EPIPE: it is closed, or all who served it have ended. ENOMEM; EAGAIN:
   too many messages are under way.  EBADF, also below: there is no such port; ENOMEM: the process has too many objects. */
int port_send(port_t, const void *, size_t) __PTHREADS_IMPORT(port_send);
int port_trysend(port_t, const void *, size_t) __PTHREADS_IMPORT(port_trysend);
int port_timedsend(port_t, const void *, size_t, const struct timespec *) __PTHREADS_IMPORT(port_timedsend);

/* The same, and waits for the answer, of which at most *answered bytes are stored; then *answered is how many it has, and EMSGSIZE says that it has more.
   ECONNABORTED: the server has aborted it, and the answer is the error's text.  EPIPE: besides, the server has ended without an answer.  EOWNERDEAD: it
   has died.  EBADMSG: the answer is neither bytes nor text nor nothing. */
int port_do(port_t, const void *, size_t, void *answer, size_t *answered) __PTHREADS_IMPORT(port_do);
int port_timeddo(port_t, const void *, size_t, void *answer, size_t *answered, const struct timespec *) __PTHREADS_IMPORT(port_timeddo);

/* Waits for a message, and stores at most `capacity` bytes of its body: EMSGSIZE says that it has more.  port_trywait: EAGAIN if there is none.  The calling
   thread serves the port from now on.  EPIPE: the port is closed, and empty.  EBADMSG: it was neither bytes nor text, and its sender was told. */
int port_wait(port_t, port_message_t *, void *body, size_t capacity) __PTHREADS_IMPORT(port_wait);
int port_trywait(port_t, port_message_t *, void *body, size_t capacity) __PTHREADS_IMPORT(port_trywait);
int port_timedwait(port_t, port_message_t *, void *body, size_t capacity, const struct timespec *) __PTHREADS_IMPORT(port_timedwait);

/* Answers a message, by the thread that took it: with bytes; with an error of that text; or by sending it on, with a body, to another port, where whoever
   takes it answers.  EINVAL: it was answered before.  EPERM: another thread has taken it. */
int port_reply(port_message_t *, const void *, size_t) __PTHREADS_IMPORT(port_reply);
int port_abort(port_message_t *, const char *) __PTHREADS_IMPORT(port_abort);
int port_forward(port_message_t *, port_t, const void *, size_t) __PTHREADS_IMPORT(port_forward);

/* No more messages come; those in the port can still be taken. */
int port_close(port_t) __PTHREADS_IMPORT(port_close);

#ifdef __cplusplus
}
#endif

#endif
