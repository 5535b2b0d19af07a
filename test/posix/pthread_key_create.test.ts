import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EAGAIN, malloc, PTHREAD_DESTRUCTOR_ITERATIONS, pthread_getspecific, pthread_key_create, pthread_key_delete, PTHREAD_KEYS_MAX, pthread_setspecific,
  sem_post, sem_wait,
} from 'pthreads/posix'
import { succeeds } from '../api/child.ts'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newList, newSem, newWord, ok, word, work } from './setup.ts'
import { noteSpecific } from './work.ts'

afterEach(() => nothingLeft())

function newKey(destructor?: (value: never) => unknown): number {
  const key = malloc(4)
  ok(pthread_key_create(m, key, destructor))
  return word(key)
}

test('shall create a thread-specific data key visible to all threads in the process', () => {
  const key = newKey()
  assert.deepEqual(inThread(work.specific, [key, 5]), [undefined, 0, 5])
})

test('the values bound to the key by pthread_setspecific() are maintained on a per-thread basis', () => {
  const key = newKey(), ready = newSem(0), go = newSem(0)
  ok(pthread_setspecific(key, 'first'))
  const threads = ['a', 'b'].map(value => create(work.holdSpecific, { key, value, ready, go }))
  for (let i = 0; i < 2; i++) ok(sem_wait(m, ready))
  for (let i = 0; i < 2; i++) ok(sem_post(m, go))
  assert.deepEqual(threads.map(join), ['a', 'b'])
  assert.equal(pthread_getspecific(key), 'first')
})

test('upon key creation, the value NULL shall be associated with the new key in all active threads', () => {
  const ready = newSem(0), go = newSem(0), key = newWord()
  const t = create(work.specificAfter, { key, ready, go })
  ok(sem_wait(m, ready))
  ok(pthread_key_create(m, key))
  ok(sem_post(m, go))
  assert.deepEqual(join(t), [undefined])
  assert.equal(pthread_getspecific(word(key)), undefined)
})

test('upon thread creation, the value NULL shall be associated with all defined keys in the new thread', () => {
  const key = newKey()
  for (let i = 0; i < 10; i++) assert.deepEqual(inThread(work.specific, [key, i]), [undefined, 0, i])
})

test('keys are different', () => {
  const keys = Array.from({ length: 100 }, () => newKey())
  assert.equal(new Set(keys).size, 100)
})

for (const how of ['returns', 'exits', 'throws']) {
  test(`at thread exit (the routine ${how}), the function pointed to is called with the previously associated value as its sole argument`, () => {
    const list = newList()
    if (how === 'throws') assert.throws(() => inThread(work.destroyed, { list, how }), { message: 'an end' })
    else inThread(work.destroyed, { list, how })
    assert.deepEqual(listed(list), [7])
  })
}

test('the value of the key is set to NULL before the function is called', () => {
  const list = newList()
  inThread(work.seesOwnGone, list)
  assert.deepEqual(listed(list), [5])
})

test('only the value of that key is set to NULL: the first destructor of two sees the other\'s value', () => {
  const list = newList()
  inThread(work.seeEachOther, list)
  assert.deepEqual(listed(list).sort(), [0, 1])
})

test('a destructor sees the value of a key that has no destructor', () => {
  const list = newList()
  inThread(work.seesWithout, list)
  assert.deepEqual(listed(list), [9])
})

test('no function is called for a key without destructor, nor for a value NULL', () => {
  const list = newList()
  inThread(work.noDestructor, list)
  assert.deepEqual(listed(list), [])
})

test('if there are still some non-NULL values with associated destructors, then the process is repeated', () => {
  const list = newList()
  inThread(work.setsAnother, list)
  assert.deepEqual(listed(list), [2])
})

test('after at least {PTHREAD_DESTRUCTOR_ITERATIONS} iterations the implementation may stop', () => {
  const list = newList()
  inThread(work.setsAgain, list)
  assert.deepEqual(listed(list), [1, 2, 3, 4])
  assert.equal(PTHREAD_DESTRUCTOR_ITERATIONS, 4)
})

test('a destructor may create, use and delete keys', () => {
  const list = newList()
  inThread(work.destructorUsesKeys, list)
  assert.deepEqual(listed(list), [0, 3, 0])
})

test('the destructor belongs to the key, whichever thread created it', () => {
  const key = newKey(noteSpecific), list = newList(), ready = newSem(1), go = newSem(1)
  inThread(work.holdSpecific, { key, value: { list, value: 8 }, ready, go })
  assert.deepEqual(listed(list), [8])
})

test('shall fail with EAGAIN: the limit on the total number of keys per process {PTHREAD_KEYS_MAX} has been exceeded', () => {
  assert.equal(succeeds(`
    import { malloc, memory, pthread_key_create, PTHREAD_KEYS_MAX } from 'pthreads/posix'
    const m = memory(), key = malloc(4)
    let made = 0
    while (pthread_key_create(m, key) === 0) made++
    console.log(made === PTHREAD_KEYS_MAX, pthread_key_create(m, key))`), `true ${EAGAIN}\n`)
})

test('a key that was deleted does not count', () => {
  const key = malloc(4)
  for (let i = 0; i <= PTHREAD_KEYS_MAX; i++) {
    const errno = pthread_key_create(m, key)
    assert.ok(errno === 0, `EAGAIN after ${i} keys that were created and deleted`)
    assert.ok(pthread_key_delete(word(key)) === 0)
  }
})
