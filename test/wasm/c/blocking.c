// A thread that waits in a call which only the host can end, while main goes on: argv[1] says which.
#include "check.h"
#include <poll.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

static sem_t begun;

static void *polls(void *arg) {
	sem_post(&begun);
	poll(NULL, 0, 1000000);
	return arg;
}

static void *reads_file(void *name) {
	static char line[100];
	sem_post(&begun);
	FILE *f = fopen(name, "r");
	CHECK(f != NULL && fgets(line, sizeof line, f) != NULL);
	fclose(f);
	return line;
}

static void *reads_input(void *arg) {
	static char line[100];
	sem_post(&begun);
	(void)arg;
	CHECK(fgets(line, sizeof line, stdin) != NULL);
	return line;
}

int main(int argc, char **argv) {
	setvbuf(stdout, NULL, _IOLBF, 1024);
	sem_init(&begun, 0, 0);
	CHECK(argc > 1);
	pthread_t t = start(strcmp(argv[1], "poll") == 0 ? polls : argc > 2 ? reads_file : reads_input, argv[argc - 1]);
	while (sem_wait(&begun) != 0) continue;
	for (int i = 0; i < 3; i++) usleep(1000);	/* under test: main's waits end while another thread reads; no state is awaited by them */
	printf("main goes on\n");
	if (strcmp(argv[1], "poll") == 0) return 5;
	printf("read %s", (char *)join(t));
	return 0;
}
