import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { malloc, Once, pthread_once, sem_post, sem_wait, type Address } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newSem, newWord, ok, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

// PTHREAD_ONCE_INIT is all bytes 0.
const newControl = (): Address => malloc(Once.size)

test('the first call by any thread with a given once_control shall call the init_routine with no arguments', () => {
  const control = newControl(), counter = newWord()
  assert.deepEqual(inThread(work.once, { control, counter }), [0, 1])
})

test('subsequent calls with the same once_control shall not call the init_routine', () => {
  const control = newControl(), counter = newWord()
  let calls = 0
  for (let i = 0; i < 3; i++) ok(pthread_once(m, control, () => { calls++ }))
  assert.deepEqual(inThread(work.once, { control, counter }), [0, 0])
  assert.equal(calls, 1)
})

test('of many threads one calls it', () => {
  const control = newControl(), counter = newWord()
  const threads = Array.from({ length: 5 }, () => create(work.once, { control, counter }))
  for (const t of threads) assert.deepEqual(join(t), [0, 1])
})

test('on return from pthread_once(), init_routine shall have completed', () => {
  const control = newControl(), counter = newWord(), inside = newSem(0), go = newSem(0)
  const first = create(work.onceSlowly, { control, counter, inside, go })
  ok(sem_wait(m, inside))
  const second = create(work.once, { control, counter })
  asleep(second, 'once')
  ok(sem_post(m, go))
  assert.deepEqual([join(second), join(first)], [[0, 1], 0])
})

test('if init_routine is cut off, the effect on once_control shall be as if pthread_once() was never called', () => {
  const control = newControl(), counter = newWord(), inside = newSem(0), go = newSem(0)
  const first = create(work.onceThrows, { control, inside, go })
  ok(sem_wait(m, inside))
  const second = create(work.once, { control, counter })
  asleep(second, 'once')
  ok(sem_post(m, go))
  assert.throws(() => join(first), { message: 'cut off' })
  assert.deepEqual(join(second), [0, 1])
})

test('also if it is cut off by pthread_exit()', () => {
  const control = newControl(), counter = newWord()
  inThread(work.onceExits, { control })
  assert.deepEqual(inThread(work.once, { control, counter }), [0, 1])
})

test('different once_controls are independent, also within an init_routine', () => {
  const a = newControl(), b = newControl(), calls: string[] = []
  ok(pthread_once(m, a, () => {
    ok(pthread_once(m, b, () => { calls.push('b') }))
    calls.push('a')
  }))
  assert.deepEqual(calls, ['b', 'a'])
  assert.equal(word(a), word(b))
})
