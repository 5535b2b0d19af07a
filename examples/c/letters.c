/* letters: a library, which TypeScript calls from many threads (docs/C.md). How often each letter occurs in text, counted in
 * slices: a call counts its own slice without a lock, and adds what it found under the mutex.
 *
 *   pthreads cc -O2 --library letters.c -o letters.wasm
 */
#include <pthread.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long long total[26];

/* Returns how many letters there are in the slice. */
int EXPORT(count_letters)(const char *text, int length) {
	int mine[26] = {0}, letters = 0;
	for (int i = 0; i < length; i++) {
		int letter = (text[i] | 32) - 'a';
		if (letter < 0 || letter >= 26) continue;
		mine[letter]++;
		letters++;
	}
	pthread_mutex_lock(&lock);
	for (int i = 0; i < 26; i++) total[i] += mine[i];
	pthread_mutex_unlock(&lock);
	return letters;
}

/* How often `letter` has occurred so far. */
long long EXPORT(occurrences)(int letter) {
	pthread_mutex_lock(&lock);
	long long n = total[(letter | 32) - 'a'];
	pthread_mutex_unlock(&lock);
	return n;
}
