/* words: a server in C, which TypeScript asks by messages (docs/PORTS.md). It counts how often it was asked for each word, in a table that nobody else can
 * see: it needs no lock.
 *
 *   pthreads cc -O2 words.c -o words.wasm
 */
#include <errno.h>
#include <pthreads/port.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 1000, LENGTH = 32 };

static struct { char word[LENGTH]; int seen; } table[WORDS];
static int used;

static int count(const char *word) {
	int i = 0;
	while (i < used && strcmp(table[i].word, word) != 0) i++;
	if (i == WORDS) return -1;
	if (i == used) strcpy(table[used++].word, word);
	return ++table[i].seen;
}

int main(void) {
	port_t words;
	port_message_t message;
	char word[LENGTH], answer[16];
	if (port_open(&words, "words") != 0) return 1;
	for (;;) {
		memset(word, 0, sizeof word);
		int error = port_wait(words, &message, word, sizeof word - 1);
		if (error == EPIPE) break;                                            /* it was closed */
		if (error != 0) {
			if (error == EMSGSIZE) port_abort(&message, "a word has 31 letters at most");
			continue;
		}
		int n = count(word);
		if (n < 0) port_abort(&message, "the table is full");
		else port_reply(&message, answer, sprintf(answer, "%d", n));
	}
	printf("%d words\n", used);
	return 0;
}
