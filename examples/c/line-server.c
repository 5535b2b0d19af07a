// A line server with a thread for each connection.
//
// Shows threads that wait for input, each for its own, while main reads everybody's: what a network server of that style
// does, with standard input in the place of its socket.  A line is `CONNECTION COMMAND [ARGUMENT]`: the first line of a
// connection starts its thread, and main hands it its lines through a pipe that has room for a few.
//
//   echo TEXT    the text again
//   add NUMBER   the sum of the connection's numbers
//   sleep MS     answers so much later; the other connections go on
//   close        ends the connection; the next line of that name begins another
//
// Usage: line-server < lines

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 256, ROOM = 4 };

struct connection {
	struct connection *next;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t not_full, not_empty;
	char pipe[ROOM][LINE];
	int first, count, closed;
	char name[LINE];
	long answered, sum;
};

static void put(struct connection *c, const char *line) {
	pthread_mutex_lock(&c->mutex);
	while (c->count == ROOM) pthread_cond_wait(&c->not_full, &c->mutex);
	strcpy(c->pipe[(c->first + c->count++) % ROOM], line);
	pthread_cond_signal(&c->not_empty);
	pthread_mutex_unlock(&c->mutex);
}

// Waits for a line; 0: there will be none.
static int take(struct connection *c, char *line) {
	pthread_mutex_lock(&c->mutex);
	while (c->count == 0 && !c->closed) pthread_cond_wait(&c->not_empty, &c->mutex);
	int some = c->count > 0;
	if (some) {
		strcpy(line, c->pipe[c->first]);
		c->first = (c->first + 1) % ROOM;
		c->count--;
		pthread_cond_signal(&c->not_full);
	}
	pthread_mutex_unlock(&c->mutex);
	return some;
}

static void *serve(void *arg) {
	struct connection *c = arg;
	for (char line[LINE]; take(c, line); c->answered++) {
		char *rest = line + strcspn(line, " ");
		if (*rest != 0) *rest++ = 0;
		if (strcmp(line, "echo") == 0) printf("%s: %s\n", c->name, rest);
		else if (strcmp(line, "add") == 0) printf("%s: %ld\n", c->name, c->sum += atol(rest));
		else if (strcmp(line, "sleep") == 0) {
			usleep(atoi(rest) * 1000);
			printf("%s: slept\n", c->name);
		} else printf("%s: error: no command \"%s\"\n", c->name, line);
		fflush(stdout);
	}
	return c;
}

static struct connection *open_connection(const char *name) {
	struct connection *c = calloc(1, sizeof *c);
	if (c == NULL) return NULL;
	strcpy(c->name, name);
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->not_full, NULL);
	pthread_cond_init(&c->not_empty, NULL);
	if (pthread_create(&c->thread, NULL, serve, c) == 0) return c;
	free(c);
	return NULL;
}

// Waits until it has answered what it was sent.
static void close_connection(struct connection *c) {
	pthread_mutex_lock(&c->mutex);
	c->closed = 1;
	pthread_cond_signal(&c->not_empty);
	pthread_mutex_unlock(&c->mutex);
	pthread_join(c->thread, NULL);
	printf("%s: closed after %ld lines\n", c->name, c->answered);
	fflush(stdout);
	free(c);
}

int main(void) {
	struct connection *all = NULL, **at;
	for (char line[LINE]; fgets(line, sizeof line, stdin) != NULL;) {
		line[strcspn(line, "\n")] = 0;
		char *name = line + strspn(line, " "), *end = name + strcspn(name, " "), *command = end + strspn(end, " ");
		if (*name == 0) continue;
		*end = 0;
		for (at = &all; *at != NULL && strcmp((*at)->name, name) != 0; at = &(*at)->next) continue;
		struct connection *c = *at;
		if (strcmp(command, "close") == 0) {
			if (c == NULL) continue;
			*at = c->next;
			close_connection(c);
			continue;
		}
		if (c == NULL && (c = *at = open_connection(name)) == NULL) {
			printf("%s: error: no thread for it\n", name);
			continue;
		}
		put(c, command);
	}
	while (all != NULL) {
		struct connection *c = all;
		all = c->next;
		close_connection(c);
	}
	return 0;
}
