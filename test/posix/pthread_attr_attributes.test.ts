// pthread_attr_getdetachstate, _getguardsize, _getinheritsched, _getschedparam, _getschedpolicy, _getscope, _getstack and their setters.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  Attr, EINVAL, malloc, pthread_attr_destroy, pthread_attr_getdetachstate, pthread_attr_getguardsize, pthread_attr_getinheritsched,
  pthread_attr_getschedparam, pthread_attr_getschedpolicy, pthread_attr_getscope, pthread_attr_getstack, pthread_attr_getstacksize, pthread_attr_init,
  pthread_attr_setdetachstate, pthread_attr_setguardsize, pthread_attr_setinheritsched, pthread_attr_setschedparam, pthread_attr_setschedpolicy,
  pthread_attr_setscope, pthread_attr_setstack, pthread_create, PTHREAD_CREATE_DETACHED, PTHREAD_CREATE_JOINABLE, PTHREAD_EXPLICIT_SCHED,
  PTHREAD_INHERIT_SCHED, PTHREAD_SCOPE_PROCESS, PTHREAD_SCOPE_SYSTEM, PTHREAD_STACK_MIN, SCHED_FIFO, SCHED_OTHER, SCHED_RR, type Address, type Entry,
  type Memory,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { holders, newParam } from './mutexes.ts'
import { create, inThread, join, m, newWord, ok, word, work } from './setup.ts'

afterEach(() => nothingLeft())

const value = newWord()

function fresh(): Address {
  const attr = malloc(Attr.size)
  ok(pthread_attr_init(m, attr))
  return attr
}

const priority = (m: Memory, attr: Address, value: number): number => pthread_attr_setschedparam(m, attr, newParam(value))

const attributes = [
  {
    name: 'detach state', get: pthread_attr_getdetachstate, set: pthread_attr_setdetachstate, fallback: PTHREAD_CREATE_JOINABLE,
    valid: [PTHREAD_CREATE_DETACHED, PTHREAD_CREATE_JOINABLE], invalid: [-1, 2, 77, NaN],
  },
  { name: 'guard size', get: pthread_attr_getguardsize, set: pthread_attr_setguardsize, fallback: 4096, valid: [0, 1, 8192], invalid: [-1, NaN, 2 ** 40] },
  {
    name: 'inherit-scheduler attribute', get: pthread_attr_getinheritsched, set: pthread_attr_setinheritsched, fallback: PTHREAD_INHERIT_SCHED,
    valid: [PTHREAD_EXPLICIT_SCHED, PTHREAD_INHERIT_SCHED], invalid: [-1, 2, NaN],
  },
  {
    name: 'scheduling policy', get: pthread_attr_getschedpolicy, set: pthread_attr_setschedpolicy, fallback: SCHED_OTHER,
    valid: [SCHED_FIFO, SCHED_RR, SCHED_OTHER], invalid: [-1, 3, 77, NaN],
  },
  { name: 'scheduling priority', get: pthread_attr_getschedparam, set: priority, fallback: 0, valid: [1, 99, 0], invalid: [-1, 100] },
  {
    name: 'contention scope', get: pthread_attr_getscope, set: pthread_attr_setscope, fallback: PTHREAD_SCOPE_SYSTEM,
    valid: [PTHREAD_SCOPE_SYSTEM, PTHREAD_SCOPE_PROCESS], invalid: [-1, 2, NaN],
  },
]

for (const { name, get, set, fallback, valid, invalid } of attributes) {
  test(`the default ${name} is ${fallback}`, () => {
    ok(get(m, fresh(), value))
    assert.equal(word(value), fallback)
  })

  test(`shall set the ${name}, and get it`, () => {
    const attr = fresh()
    for (const each of valid) {
      ok(set(m, attr, each))
      ok(get(m, attr, value))
      assert.equal(word(value), each)
    }
  })

  test(`shall fail with EINVAL: the value of the ${name} is not valid, and it stays`, () => {
    const attr = fresh()
    ok(set(m, attr, valid[0]))
    for (const each of invalid) assert.equal(set(m, attr, each), EINVAL)
    ok(get(m, attr, value))
    assert.equal(word(value), valid[0])
  })

  test(`EINVAL for the ${name} of attributes that are not initialized, or destroyed`, () => {
    const bare = malloc(Attr.size), destroyed = fresh()
    ok(pthread_attr_destroy(m, destroyed))
    for (const attr of [bare, destroyed]) assert.deepEqual([set(m, attr, valid[0]), get(m, attr, value)], [EINVAL, EINVAL])
  })
}

test('pthread_attr_setstack() shall set address and size of the stack, pthread_attr_getstack() get them, pthread_attr_getstacksize() the size', () => {
  const attr = fresh(), address = newWord(), bytes = PTHREAD_STACK_MIN, stack = malloc(bytes)
  ok(pthread_attr_getstack(m, attr, address, value))
  assert.deepEqual([word(address), word(value)], [0, 4 * 1024 * 1024])
  ok(pthread_attr_setstack(m, attr, stack, bytes))
  ok(pthread_attr_getstack(m, attr, address, value))
  assert.deepEqual([word(address), word(value)], [stack, bytes])
  ok(pthread_attr_getstacksize(m, attr, value))
  assert.equal(word(value), bytes)
})

test('pthread_attr_setstack() shall fail with EINVAL: the size is less than PTHREAD_STACK_MIN, or the alignment is wrong', () => {
  const attr = fresh(), stack = malloc(PTHREAD_STACK_MIN + 64)
  const outside = m.size - 16
  const wrong = [
    [stack, PTHREAD_STACK_MIN - 16], [stack + 4, PTHREAD_STACK_MIN], [stack, PTHREAD_STACK_MIN + 4], [0, PTHREAD_STACK_MIN], [outside, PTHREAD_STACK_MIN],
  ]
  for (const [address, bytes] of wrong) assert.equal(pthread_attr_setstack(m, attr, address, bytes), EINVAL)
})

test('a thread created with PTHREAD_EXPLICIT_SCHED has the policy and priority of the attributes', () => {
  for (const [policy, priority] of [[SCHED_FIFO, 12], [SCHED_RR, 99], [SCHED_OTHER, 0]]) {
    const attr = fresh(), thread = newWord()
    ok(pthread_attr_setinheritsched(m, attr, PTHREAD_EXPLICIT_SCHED))
    ok(pthread_attr_setschedpolicy(m, attr, policy))
    ok(pthread_attr_setschedparam(m, attr, newParam(priority)))
    ok(pthread_create(m, thread, attr, holders.scheduling as unknown as Entry))
    assert.deepEqual(join(word(thread)), [policy, priority])
  }
})

test('a thread created with PTHREAD_INHERIT_SCHED has the policy and priority of its creator, and the attributes\' are ignored', () => {
  const attr = fresh(), thread = newWord()
  ok(pthread_attr_setschedpolicy(m, attr, SCHED_FIFO))
  ok(pthread_attr_setschedparam(m, attr, newParam(12)))
  ok(pthread_create(m, thread, attr, holders.scheduling as unknown as Entry))
  assert.deepEqual(join(word(thread)), [SCHED_OTHER, 0])
  assert.deepEqual(inThread(holders.schedulingOfChild, { routine: holders.scheduling, param: newParam(7) }), [SCHED_RR, 7])
})

test('pthread_create() shall fail with EINVAL: the policy and the priority of the attributes do not fit', () => {
  const attr = fresh(), thread = newWord()
  ok(pthread_attr_setinheritsched(m, attr, PTHREAD_EXPLICIT_SCHED))
  ok(pthread_attr_setschedparam(m, attr, newParam(12)))
  assert.equal(pthread_create(m, thread, attr, work.echo as Entry), EINVAL)
  ok(pthread_attr_setschedpolicy(m, attr, SCHED_FIFO))
  ok(pthread_attr_setschedparam(m, attr, newParam(0)))
  assert.equal(pthread_create(m, thread, attr, work.echo as Entry), EINVAL)
  assert.equal(join(create(work.echo, 1)), 1)
})
