// Calls that only the host can end, and what descriptors are ready for: argv[1] and what follows say which. With gcc the same program says
// the same. Of a case the file is named like it, in the directory `here`.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static char name[100];

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static const char *words(int revents) {
	static char text[100];
	text[0] = 0;
	if (revents & POLLIN) strcat(text, " in");
	if (revents & POLLOUT) strcat(text, " out");
	if (revents & POLLERR) strcat(text, " err");
	if (revents & POLLHUP) strcat(text, " hup");
	if (revents & POLLNVAL) strcat(text, " nval");
	return text[0] == 0 ? " nothing" : text;
}

static int look(const char *what, int fd, int events, int timeout) {
	struct pollfd p = { fd, events, -1 };
	int n = poll(&p, 1, timeout);
	printf("%s: %d,%s\n", what, n, words(p.revents));
	return p.revents;
}

static void next_line(const char *what) {
	char line[100];
	int revents = look(what, 0, POLLIN, -1);
	if ((revents & POLLIN) == 0) return;
	int n = read(0, line, sizeof line - 1);
	CHECK(n >= 0);
	line[n] = 0;
	printf("%s: read %d: %s\n", what, n, n == 0 ? "the end" : line);
}

// Standard input: nothing, a line when it is asked for, the end.
static void input(void) {
	look("at first", 0, POLLIN, 0);
	double began = now();
	look("after 30 ms", 0, POLLIN, 30);
	CHECK(now() - began >= 29);
	printf("send\n");
	next_line("first");
	look("again", 0, POLLIN, 0);
	printf("send\n");
	next_line("second");
	printf("end\n");
	look("the end", 0, POLLIN, -1);
	char byte;
	printf("read %d, %d\n", (int)read(0, &byte, 1), (int)read(0, &byte, 1));
}

// A regular file, or what else is given as standard input and never has to be waited for.
static void ready(void) {
	look("input", 0, POLLIN, -1);
	char bytes[1000];
	while (read(0, bytes, sizeof bytes) > 0) continue;
	look("at the end", 0, POLLIN, -1);
}

static void bad(void) {
	look("none", 77, POLLIN, -1);
	look("below 0", -1, POLLIN, 0);
	struct pollfd several[] = { { -5, POLLIN, 0 }, { 1, POLLOUT, 0 }, { 99, POLLOUT, 0 } };
	printf("%d", poll(several, 3, 1000));
	for (int i = 0; i < 3; i++) printf(",%s", words(several[i].revents));
	double began = now();
	printf("\nnothing: %d", poll(NULL, 0, 20));
	CHECK(now() - began >= 19);
	printf(", %d\n", poll(NULL, 0, 0));
	int fd = open(name, O_RDONLY);
	CHECK(fd >= 0);
	look("a file", fd, POLLIN | POLLOUT, -1);
	close(fd);
	look("closed", fd, POLLIN, -1);
	fclose(stdin);
	close(0);
	look("input that is closed", 0, POLLIN, -1);
}

static void chosen(void) {
	fd_set readers, writers;
	FD_ZERO(&readers);
	FD_ZERO(&writers);
	FD_SET(0, &readers);
	struct timeval soon = { 0, 10000 };
	int n = select(1, &readers, NULL, NULL, &soon);
	printf("select: %d, %d\n", n, FD_ISSET(0, &readers) != 0);
	FD_SET(0, &readers);
	FD_SET(1, &writers);
	n = select(2, &readers, &writers, NULL, NULL);
	printf("select: %d, %d %d\n", n, FD_ISSET(0, &readers) != 0, FD_ISSET(1, &writers) != 0);
	printf("send\n");
	FD_SET(0, &readers);
	n = select(1, &readers, NULL, NULL, NULL);
	printf("select: %d, %d\n", n, FD_ISSET(0, &readers) != 0);
	char line[100];
	printf("read %d\n", (int)read(0, line, sizeof line));
}

// A named pipe whose other end other threads hold.
static sem_t step, stepped;

static void await(sem_t *s) {
	while (sem_wait(s) != 0) continue;
}

static void *writes(void *arg) {
	(void)arg;
	await(&step);
	int fd = open(name, O_WRONLY);
	CHECK(fd >= 0);
	sem_post(&stepped);
	await(&step);
	CHECK(write(fd, "abc", 3) == 3);
	sem_post(&stepped);
	await(&step);
	close(fd);
	sem_post(&stepped);
	return NULL;
}

static void go_on(void) {
	sem_post(&step);
	await(&stepped);
}

static void pipes(void) {
	char bytes[10];
	pthread_t t = start(writes, NULL);
	int fd = open(name, O_RDONLY | O_NONBLOCK);
	CHECK(fd >= 0);
	look("nobody writes it", fd, POLLIN, 10);
	printf("read %d\n", (int)read(fd, bytes, 10));
	go_on();
	look("somebody does", fd, POLLIN, 10);
	CHECK(read(fd, bytes, 10) == -1 && errno == EAGAIN);
	go_on();
	look("bytes", fd, POLLIN, -1);
	printf("read %d\n", (int)read(fd, bytes, 10));
	look("none", fd, POLLIN, 0);
	go_on();
	look("closed", fd, POLLIN, -1);
	printf("read %d\n", (int)read(fd, bytes, 10));
	join(t);
	close(fd);
}

// A full pipe.
static void *drains(void *arg) {
	int fd = *(int *)arg;
	static char bytes[65536];
	await(&step);
	for (long total = 0; total < 300000;) {
		int n = read(fd, bytes, sizeof bytes);
		CHECK(n > 0);
		total += n;
	}
	return NULL;
}

static void full(void) {
	static char bytes[100000];
	int in = open(name, O_RDONLY | O_NONBLOCK), out = open(name, O_WRONLY | O_NONBLOCK);
	CHECK(in >= 0 && out >= 0);
	look("empty", out, POLLOUT, -1);
	int n = write(out, bytes, sizeof bytes);
	CHECK(n > 0 && n < (int)sizeof bytes);
	while (write(out, bytes, 1) == 1) continue;
	CHECK(errno == EAGAIN);
	look("full", out, POLLOUT, 10);
	while (read(in, bytes, sizeof bytes) > 0) continue;
	look("empty again", out, POLLOUT, 0);
	CHECK(fcntl(in, F_SETFL, 0) == 0 && fcntl(out, F_SETFL, 0) == 0);
	pthread_t t = start(drains, &in);
	sem_post(&step);
	for (int i = 0; i < 3; i++) CHECK(write(out, bytes, sizeof bytes) == sizeof bytes);
	join(t);
	printf("all is written\n");
	close(in);
	signal(SIGPIPE, SIG_IGN);
	CHECK(write(out, bytes, 1) == -1 && errno == EPIPE);
	close(out);
}

// Waits that end early.
static void handler(int signo) {
	(void)signo;
}

static int handlers_result, handlers_errno;

static void *is_interrupted(void *arg) {
	struct pollfd p = { 0, POLLIN, 0 };
	sem_post(&stepped);
	handlers_result = poll(&p, 1, -1);
	handlers_errno = errno;
	return arg;
}

static void *is_canceled(void *arg) {
	struct pollfd p = { 0, POLLIN, 0 };
	sem_post(&stepped);
	poll(&p, 1, -1);
	return arg;
}

static void *reads_forever(void *arg) {
	char byte;
	sem_post(&stepped);
	read(0, &byte, 1);
	return arg;
}

static void *opens_forever(void *arg) {
	sem_post(&stepped);
	open(name, O_RDONLY);
	return arg;
}

static void canceled(const char *what, void *(*f)(void *)) {
	pthread_t t = start(f, NULL);
	await(&stepped);
	pthread_cancel(t);
	printf("%s: %s\n", what, join(t) == PTHREAD_CANCELED ? "canceled" : "ended");
}

static void ends_early(void) {
	handlers_result = 1;
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	sigaction(SIGUSR1, &action, NULL);
	pthread_t t = start(is_interrupted, NULL);
	await(&stepped);
	while (handlers_result == 1) {
		pthread_kill(t, SIGUSR1);
		struct timespec ms = { 0, 1000000 };
		nanosleep(&ms, NULL);                          /* under test: the signal that comes before poll begins ends no poll, so it is sent again */
	}
	join(t);
	CHECK(handlers_result == -1 && handlers_errno == EINTR);
	printf("poll: interrupted\n");
	canceled("poll", is_canceled);
	canceled("read", reads_forever);
	canceled("open", opens_forever);
}

static void *reads_a_line(void *arg) {
	static char line[100];
	FILE *f = fopen(name, "r");
	CHECK(f != NULL && fgets(line, sizeof line, f) != NULL);
	fclose(f);
	printf("from the pipe: %s", line);
	return arg;
}

// Pipes that nobody writes, and all else goes on.
static void others(void) {
	enum { READERS = 5 };
	pthread_t readers[READERS];
	for (int i = 0; i < READERS; i++) readers[i] = start(opens_forever, NULL);
	for (int i = 0; i < READERS; i++) await(&stepped);
	char other[200], line[100];
	snprintf(other, sizeof other, "%s.file", name);
	for (int i = 0; i < 100; i++) {
		FILE *f = fopen(other, "w");
		CHECK(f != NULL && fprintf(f, "%d", i) > 0 && fclose(f) == 0);
	}
	CHECK(remove(other) == 0);
	printf("files are written\nsend\n");
	printf("read %d\n", (int)read(0, line, sizeof line));
	pthread_t t = start(reads_a_line, NULL);
	int fd = open(name, O_WRONLY);
	CHECK(fd >= 0);
	for (int i = 0; i < READERS; i++) join(readers[i]);
	CHECK(write(fd, "a line\n", 7) == 7);
	join(t);
	close(fd);
}

// The program ends, while a thread waits for what never comes.
static void leaves(void *(*f)(void *)) {
	start(f, NULL);
	await(&stepped);
	printf("bye\n");
	exit(3);
}

static void leaves_reading(void) {
	leaves(reads_forever);
}

static void leaves_opening(void) {
	leaves(opens_forever);
}

static void moves(void) {
	CHECK(freopen(name, "w", stdout) != NULL);
	printf("in the file\n");
	CHECK(fclose(stdout) == 0 && write(1, "lost", 4) == -1 && errno == EBADF);
	int fd = open(name, O_RDONLY);
	char bytes[20] = "";
	CHECK((fd == 0 || fd == 1) && read(fd, bytes, 20) == 12 && strcmp(bytes, "in the file\n") == 0);
	close(fd);
	CHECK(read(fd, bytes, 1) == -1 && errno == EBADF);
	fprintf(stderr, "moved\n");
}

// A thread that waits in such a call, while main goes on.
static void *polls(void *arg) {
	sem_post(&stepped);
	poll(NULL, 0, 1000000);
	return arg;
}

static void *reads_file(void *path) {
	static char line[100];
	sem_post(&stepped);
	FILE *f = fopen(path, "r");
	CHECK(f != NULL && fgets(line, sizeof line, f) != NULL);
	fclose(f);
	return line;
}

static void *reads_input(void *arg) {
	static char line[100];
	sem_post(&stepped);
	(void)arg;
	CHECK(fgets(line, sizeof line, stdin) != NULL);
	return line;
}

// A thread that dies in a call, where the host ends it, with what it holds; others wait for it.
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *dies(void *arg) {
	CHECK(pthread_mutex_lock(&held) == 0);
	sem_post(&stepped);
	await(&step);
	getpid();
	return arg;
}

static int bereaved(const char *who) {
	pthread_t t = start(dies, NULL);
	await(&stepped);
	if (strcmp(who, "detached") == 0) pthread_detach(t);
	sem_post(&step);
	if (strcmp(who, "main") == 0) getpid();
	else if (strcmp(who, "joined") == 0) join(t);
	else pthread_mutex_lock(&held);
	printf("not reached\n");
	return 0;
}

// Standard streams, as hard as shells make it.
static struct { long bytes; unsigned sum; } taken[64];

static void *takes(void *arg) {
	long i = (long)arg;
	unsigned char bytes[1000];
	for (int n; (n = read(0, bytes, sizeof bytes)) != 0;) {
		CHECK(n > 0);
		taken[i].bytes += n;
		for (int k = 0; k < n; k++) taken[i].sum += bytes[k];
	}
	return NULL;
}

static int readers(int count) {
	pthread_t t[64];
	CHECK(count <= 64);
	for (long i = 0; i < count; i++) t[i] = start(takes, (void *)i);
	long bytes = 0;
	unsigned sum = 0;
	for (int i = 0; i < count; i++) {
		join(t[i]);
		bytes += taken[i].bytes;
		sum += taken[i].sum;
	}
	printf("%ld %u\n", bytes, sum);
	return 0;
}

static int cat(void) {
	static char bytes[100000];
	for (size_t n; (n = fread(bytes, 1, sizeof bytes, stdin)) > 0;) CHECK(fwrite(bytes, 1, n, stdout) == n);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int endless(const char *what) {
	if (strcmp(what, "ignored") == 0) signal(SIGPIPE, SIG_IGN);
	for (;;) {
		if (printf("a line\n") >= 0 && fflush(stdout) == 0) continue;
		fprintf(stderr, "%s\n", strerror(errno));
		return 3;
	}
}

static int goes_on(int argc, char **argv) {
	pthread_t t = start(strcmp(argv[1], "poll") == 0 ? polls : argc > 2 ? reads_file : reads_input, argv[argc - 1]);
	await(&stepped);
	for (int i = 0; i < 3; i++) usleep(1000);	/* under test: main's waits end while another thread reads; no state is awaited by them */
	printf("main goes on\n");
	if (strcmp(argv[1], "poll") == 0) return 5;
	printf("read %s", (char *)join(t));
	return 0;
}

static const struct { const char *name; void (*run)(void); } cases[] = {
	{ "lines", input }, { "ready", ready }, { "bad", bad }, { "select", chosen }, { "pipes", pipes }, { "full", full }, { "early", ends_early },
	{ "others", others }, { "leave-reading", leaves_reading }, { "leave-opening", leaves_opening }, { "move", moves },
};

int main(int argc, char **argv) {
	setvbuf(stdout, NULL, _IOLBF, 1024);
	sem_init(&step, 0, 0);
	sem_init(&stepped, 0, 0);
	CHECK(argc > 1);
	if (strcmp(argv[1], "die") == 0) return bereaved(argv[2]);
	if (strcmp(argv[1], "readers") == 0) return readers(atoi(argv[2]));
	if (strcmp(argv[1], "cat") == 0) return cat();
	if (strcmp(argv[1], "endless") == 0) return endless(argv[2]);
	if (strcmp(argv[1], "all") != 0) return goes_on(argc, argv);
	for (int i = 2; i < argc; i++) {
		snprintf(name, sizeof name, "here/%s", argv[i]);
		printf("-- %s\n", argv[i]);
		for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
			if (strcmp(argv[i], cases[k].name) == 0) cases[k].run();
		}
	}
	return 0;
}
