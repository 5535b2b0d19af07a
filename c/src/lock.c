/* The fast paths of mutex, spin lock and once, as in src/pthread/mutex.ts, spin.ts and once.ts, on the same words: a call
 * only when somebody must sleep or be woken, or the object is of another kind. */
#include "internal.h"

enum { FREE = 0, HELD = 1 };

int __pthreads_mutex_lock(pthread_mutex_t *) IMPORT(pthread_mutex_lock);
int __pthreads_mutex_trylock(pthread_mutex_t *) IMPORT(pthread_mutex_trylock);
int __pthreads_mutex_unlock(pthread_mutex_t *, int) IMPORT(mutex_unlock_slow);

static int take(int *word, int value) {
	int expected = FREE;
	return __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

int pthread_mutex_lock(pthread_mutex_t *m) {
	if (!take(&FIELD(m, __PTHREADS_MUTEX_WORD), HELD)) return __pthreads_mutex_lock(m);
	FIELD(m, __PTHREADS_MUTEX_OWNER) = __pthreads_tid;
	return 0;
}

int pthread_mutex_trylock(pthread_mutex_t *m) {
	if (!take(&FIELD(m, __PTHREADS_MUTEX_WORD), HELD)) return __pthreads_mutex_trylock(m);
	FIELD(m, __PTHREADS_MUTEX_OWNER) = __pthreads_tid;
	return 0;
}

/* `seen` as exchangeOwned returns it: -1, or the word before. */
int pthread_mutex_unlock(pthread_mutex_t *m) {
	int seen = -1;
	if (FIELD(m, __PTHREADS_MUTEX_OWNER) == __pthreads_tid && FIELD(m, __PTHREADS_MUTEX_DEPTH) == 0) {
		FIELD(m, __PTHREADS_MUTEX_OWNER) = 0;
		seen = __atomic_exchange_n(&FIELD(m, __PTHREADS_MUTEX_WORD), FREE, __ATOMIC_SEQ_CST);
		if (seen == HELD) return 0;
	}
	return __pthreads_mutex_unlock(m, seen);
}

int __pthreads_spin_lock(pthread_spinlock_t *) IMPORT(pthread_spin_lock);
int __pthreads_spin_unlock(pthread_spinlock_t *) IMPORT(pthread_spin_unlock);

int pthread_spin_lock(pthread_spinlock_t *l) {
	return take(&FIELD(l, 0), __pthreads_tid) ? 0 : __pthreads_spin_lock(l);
}

int pthread_spin_trylock(pthread_spinlock_t *l) {
	return take(&FIELD(l, 0), __pthreads_tid) ? 0 : EBUSY;
}

int pthread_spin_unlock(pthread_spinlock_t *l) {
	int held = __pthreads_tid;
	if (__atomic_compare_exchange_n(&FIELD(l, 0), &held, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return 0;
	return __pthreads_spin_unlock(l);
}

int __pthreads_once(pthread_once_t *, void (*)(void)) IMPORT(pthread_once);

int pthread_once(pthread_once_t *o, void (*routine)(void)) {
	if (__atomic_load_n(&FIELD(o, 0), __ATOMIC_SEQ_CST) == 2) return 0;
	return __pthreads_once(o, routine);
}

void __pthreads_libc_lock(struct lock *) IMPORT(libc_lock);
void __pthreads_libc_wake(struct lock *) IMPORT(libc_wake);

void __pthreads_acquire(struct lock *l) {
	if (l->owner == __pthreads_tid) {
		l->depth++;
		return;
	}
	if (!take(&l->word, HELD)) __pthreads_libc_lock(l);
	l->owner = __pthreads_tid;
}

int __pthreads_try_acquire(struct lock *l) {
	if (l->owner == __pthreads_tid) {
		l->depth++;
		return 1;
	}
	if (!take(&l->word, HELD)) return 0;
	l->owner = __pthreads_tid;
	return 1;
}

void __pthreads_release(struct lock *l) {
	if (l->depth != 0) {
		l->depth--;
		return;
	}
	l->owner = 0;
	if (__atomic_exchange_n(&l->word, FREE, __ATOMIC_SEQ_CST) != HELD) __pthreads_libc_wake(l);
}
