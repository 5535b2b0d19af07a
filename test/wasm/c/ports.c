// Threads of C at ports that TypeScript has: test/wasm/ports.ts.
#include <pthread.h>
#include <pthreads/port.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static port_t in, out;
static int yields;

static struct timespec after(long ms) {
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += (t.tv_nsec + ms * 1000000L) / 1000000000L;
	t.tv_nsec = (t.tv_nsec + ms * 1000000L) % 1000000000L;
	return t;
}

// Answers with the body turned round, after some yields, until the port is closed; returns how many.
static void *turn(void *unused) {
	(void)unused;
	static _Thread_local char body[1 << 16];
	port_message_t m;
	long n = 0;
	for (;; n++) {
		int error = port_wait(in, &m, body, sizeof body);
		if (error == EPIPE) return (void *)n;
		if (error != 0) {
			printf("wait: %s\n", strerror(error));
			n--;
			continue;
		}
		for (int i = 0; i < yields; i++) sched_yield();
		for (size_t i = 0; i < m.size / 2; i++) {
			char c = body[i];
			body[i] = body[m.size - 1 - i];
			body[m.size - 1 - i] = c;
		}
		error = port_reply(&m, body, m.size);
		if (error != 0 || port_reply(&m, body, 1) != EINVAL) printf("reply: %s\n", strerror(error));
	}
}

static int serve(int threads) {
	pthread_t all[64];
	void *n;
	long sum = 0;
	for (int i = 0; i < threads; i++) pthread_create(&all[i], NULL, turn, NULL);
	for (int i = 0; i < threads; i++) {
		pthread_join(all[i], &n);
		sum += (long)n;
	}
	printf("%ld\n", sum);
	return 0;
}

// Each thread sends its number, then what it counts.
static int senders, each;
static void *sends(void *number) {
	int body[2] = { (int)(long)number, 0 };
	for (; body[1] < each; body[1]++)
		if (port_send(out, body, sizeof body) != 0) return (void *)1;
	return NULL;
}

static int sending(void) {
	pthread_t all[64];
	void *failed;
	int bad = 0;
	for (int i = 0; i < senders; i++) pthread_create(&all[i], NULL, sends, (void *)(long)i);
	for (int i = 0; i < senders; i++) {
		pthread_join(all[i], &failed);
		bad |= failed != NULL;
	}
	return bad;
}

// Asks what its arguments say, and prints what comes of it.
static int ask(int count, char **texts) {
	char answer[32];
	for (int i = 0; i < count; i++) {
		size_t size = sizeof answer;
		int error = port_do(out, texts[i], strlen(texts[i]), answer, &size);
		printf("%s: %s, %zu: %.*s\n", texts[i], error == 0 ? "0" : strerror(error), size, (int)(size < sizeof answer ? size : sizeof answer), answer);
		fflush(stdout);
	}
	return 0;
}

#define IS(error, call) do { int is = (call); if (is != (error)) { printf("line %d: %s: %s\n", __LINE__, #call, strerror(is)); return 1; } } while (0)

static int errors(void) {
	char body[8];
	port_message_t m, forged;
	port_t none;
	struct timespec soon = after(5), past = { 0, 0 }, no_time = { 0, -1 };
	size_t size = sizeof body;
	IS(ENOENT, port_open(&none, "nobody"));
	IS(EBADF, port_send(77, body, 1));
	IS(EBADF, port_wait(-1, &m, body, 1));
	IS(EBADF, port_do(0, body, 1, body, &size));
	IS(EBADF, port_close(3));
	IS(EAGAIN, port_trywait(in, &m, body, sizeof body));
	IS(ETIMEDOUT, port_timedwait(in, &m, body, sizeof body, &soon));
	IS(ETIMEDOUT, port_timedwait(in, &m, body, sizeof body, &past));
	IS(EINVAL, port_timedwait(in, &m, body, sizeof body, &no_time));
	IS(EINVAL, port_timedsend(out, body, 1, &no_time));
	IS(0, port_send(out, "12345678", 8));                                      // out has room for two
	IS(0, port_trysend(out, "", 0));
	IS(EAGAIN, port_trysend(out, body, 1));
	IS(ETIMEDOUT, port_timedsend(out, body, 1, &past));
	IS(ETIMEDOUT, port_timeddo(out, body, 1, body, &size, &past));
	IS(EMSGSIZE, port_wait(out, &m, body, 3));
	if (m.size != 8 || m.awaited || memcmp(body, "123", 3) != 0 || m.sender != pthread_self()) return 2;
	IS(0, port_reply(&m, body, 1));                                            // nobody waits for it
	IS(EINVAL, port_reply(&m, body, 1));
	IS(0, port_wait(out, &m, body, 3));
	if (m.size != 0) return 3;
	memset(&forged, 0x7f, sizeof forged);
	IS(EINVAL, port_reply(&forged, body, 1));
	memset(&forged, 0xff, sizeof forged);
	IS(EINVAL, port_abort(&forged, "no"));
	IS(0, port_close(out));
	IS(EPIPE, port_send(out, body, 1));
	IS(EPIPE, port_wait(out, &m, body, 1));
	IS(EPIPE, port_do(out, body, 1, body, &size));
	return 0;
}

// Takes one message, and what argv says is done with it by main, or by another thread.
static port_message_t message;
static char body[64];

static void *replies(void *unused) {
	(void)unused;
	return (void *)(long)port_reply(&message, "x", 1);
}

static int one(const char *what) {
	pthread_t other;
	void *error;
	int result = port_wait(in, &message, body, sizeof body);
	if (result != 0) printf("%s\n", strerror(result));
	if (strcmp(what, "abort") == 0) return port_abort(&message, "not today");
	if (strcmp(what, "forward") == 0) return port_forward(&message, out, body, message.size);
	if (strcmp(what, "exit") == 0) exit(3);
	if (strcmp(what, "trap") == 0) __builtin_trap();
	if (strcmp(what, "other") == 0) {
		pthread_create(&other, NULL, replies, NULL);
		pthread_join(other, &error);
		return (long)error == EPERM ? port_reply(&message, "y", 1) : 9;
	}
	return 0;
}

// Canceled while it waits: returns 0 if it was.
static void *waits(void *unused) {
	port_wait(in, &message, body, sizeof body);
	return unused;
}

static int canceled(void) {
	pthread_t thread;
	void *result;
	pthread_create(&thread, NULL, waits, NULL);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	return result != PTHREAD_CANCELED;
}

int main(int argc, char **argv) {
	port_open(&in, "in");
	port_open(&out, "out");
	if (strcmp(argv[1], "serve") == 0) {
		yields = argc > 3 ? atoi(argv[3]) : 0;
		return serve(atoi(argv[2]));
	}
	if (strcmp(argv[1], "ask") == 0) return ask(argc - 2, argv + 2);
	if (strcmp(argv[1], "errors") == 0) return errors();
	if (strcmp(argv[1], "one") == 0) return one(argv[2]);
	if (strcmp(argv[1], "canceled") == 0) return canceled();
	senders = atoi(argv[2]);
	each = atoi(argv[3]);
	return sending();
}
