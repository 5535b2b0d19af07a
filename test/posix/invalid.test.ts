// Addresses where no object can be, and objects that were destroyed: an error number, whatever the function.
//
// On locks and semaphores that exist at no address but 0 only the null pointer is looked at: an address that is not aligned
// or not in the memory ends in an exception of the engine, before anything was changed.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import * as posix from 'pthreads/posix'
import { EBUSY, EINVAL, malloc, memory, pthread_self, SCHED_FIFO, SIG_BLOCK, SIGUSR1, type Entry, type Memory } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, join, m, newCond, newList, newMutex, newWord, ok, work } from './setup.ts'
import { asleep, exists } from './state.ts'

afterEach(() => nothingLeft())

type Call = (m: Memory, ...args: number[]) => number

const call = (name: string, ...args: number[]): number => (posix as unknown as Record<string, Call>)[name](m, ...args)

// NULL, not aligned, before and behind the memory, and no number; across its end.
const nowhere = [0, 1026, -4, memory().size, 2 ** 40, NaN], across = memory().size - 4

const room = malloc(256), word = newWord()

/** Functions on an object at the first address, with valid further arguments. */
const objects: readonly (readonly [string, ...number[]])[] = [
  ['pthread_attr_init'], ['pthread_attr_destroy'], ['pthread_attr_getdetachstate', word], ['pthread_attr_setdetachstate', 0], ['pthread_attr_getstacksize', word],
  ['pthread_attr_setscope', 1], ['pthread_attr_getschedparam', room], ['pthread_attr_setschedparam', room], ['pthread_attr_getstack', word, word],
  ['pthread_mutexattr_init'], ['pthread_mutexattr_destroy'], ['pthread_mutexattr_gettype', word], ['pthread_mutexattr_settype', 0],
  ['pthread_mutexattr_getprioceiling', word], ['pthread_mutexattr_setprioceiling', 5], ['pthread_mutexattr_getrobust', word], ['pthread_mutexattr_getpshared', word],
  ['pthread_mutexattr_getprotocol', word], ['pthread_condattr_init'], ['pthread_condattr_destroy'], ['pthread_condattr_getclock', word],
  ['pthread_condattr_setclock', 0], ['pthread_condattr_getpshared', word], ['pthread_condattr_setpshared', 0], ['pthread_rwlockattr_init'],
  ['pthread_rwlockattr_destroy'], ['pthread_rwlockattr_getpshared', word], ['pthread_rwlockattr_setpshared', 0], ['pthread_rwlockattr_getkind_np', word],
  ['pthread_rwlockattr_setkind_np', 0], ['pthread_barrierattr_init'], ['pthread_barrierattr_destroy'], ['pthread_barrierattr_getpshared', word],
  ['pthread_barrierattr_setpshared', 0], ['pthread_mutex_init', 0], ['pthread_mutex_destroy'], ['pthread_mutex_consistent'], ['pthread_mutex_getprioceiling', word],
  ['pthread_mutex_setprioceiling', 5], ['pthread_cond_init', 0], ['pthread_cond_destroy'], ['pthread_rwlock_init', 0], ['pthread_rwlock_destroy'],
  ['pthread_barrier_init', 0, 1], ['pthread_barrier_destroy'], ['pthread_spin_init', 0], ['pthread_spin_destroy'], ['sem_init', 0, 1], ['sem_destroy'],
  ['sem_getvalue', word], ['sigemptyset'], ['sigfillset'], ['sigaddset', SIGUSR1], ['sigdelset', SIGUSR1], ['sigismember', SIGUSR1, word],
  ['sigpending'], ['sigwait', word], ['sigwaitinfo'], ['sigsuspend'],
]
for (const [name, ...args] of objects) {
  test(`${name}(): EINVAL where no object can be`, () => {
    for (const address of [...nowhere, across]) assert.equal(call(name, address, ...args), EINVAL, String(address))
  })
}

/** Functions that store a word at the last address, or read one there. */
const values: readonly (readonly [string, ...number[]])[] = [
  ['pthread_key_create'], ['pthread_getschedparam', pthread_self(), word], ['pthread_setschedparam', pthread_self(), SCHED_FIFO], ['pthread_getcpuclockid', pthread_self()],
  ['clock_getcpuclockid', 0], ['sched_getparam', 0], ['sched_setparam', 0], ['pthread_getattr_np', pthread_self()],
]
for (const [name, ...args] of values) {
  test(`${name}(): EINVAL where nothing can be stored or read`, () => {
    for (const address of nowhere) assert.equal(call(name, ...args, address), EINVAL, String(address))
  })
}

test('pthread_create(): EINVAL where no pthread_t can be stored, or no attributes can be; no thread is made', () => {
  for (const address of nowhere) {
    assert.equal(posix.pthread_create(m, address, 0, work.echo as unknown as Entry, 1), EINVAL)
    if (address !== 0) assert.equal(posix.pthread_create(m, word, address, work.echo as unknown as Entry, 1), EINVAL)
  }
})

test('pthread_sigmask(), sigaction() and timer_create(): EINVAL where no set or number can be', () => {
  for (const address of nowhere.filter(address => address !== 0)) {
    assert.equal(posix.pthread_sigmask(m, SIG_BLOCK, address), EINVAL)
    assert.equal(posix.pthread_sigmask(m, SIG_BLOCK, 0, address), EINVAL)
    assert.equal(posix.sigaction(m, SIGUSR1, null, { sa_mask: address }), EINVAL)
    assert.equal(posix.timer_create(m, 1, null, address), EINVAL)
  }
})

for (const [name, ...args] of [
  ['pthread_mutex_lock'], ['pthread_mutex_trylock'], ['pthread_mutex_unlock'], ['sem_wait'], ['sem_trywait'], ['sem_post'], ['pthread_spin_lock'],
] as const) {
  test(`${name}(): EINVAL for the null pointer`, () => {
    assert.equal(call(name, 0, ...args), EINVAL)
    assert.equal(call(name, 0, ...args), EINVAL)
  })
}

for (const [kind, getter, init] of [
  ['pthread_mutexattr', 'type', 'pthread_mutex_init'], ['pthread_condattr', 'clock', 'pthread_cond_init'], ['pthread_rwlockattr', 'pshared', 'pthread_rwlock_init'],
  ['pthread_barrierattr', 'pshared', 'pthread_barrier_init'],
] as const) {
  test(`${kind}_get${getter}(), _set${getter}() and ${init}(): EINVAL for attributes that were destroyed, until they are initialized again`, () => {
    const attr = malloc(64), object = malloc(64), initialize = (): number => call(init, object, attr, 1)
    ok(call(`${kind}_init`, attr))
    ok(call(`${kind}_destroy`, attr))
    assert.equal(call(`${kind}_get${getter}`, attr, word), EINVAL)
    assert.equal(call(`${kind}_set${getter}`, attr, 0), EINVAL)
    assert.equal(call(`${kind}_destroy`, attr), EINVAL)
    assert.equal(initialize(), EINVAL)
    ok(call(`${kind}_init`, attr))
    ok(initialize())
  })
}

test('pthread_cond_destroy() fails with EBUSY while a thread is blocked on the condition, and not when it was signalled', () => {
  const cond = newCond(), mutex = newMutex(), t = create(work.wait, { cond, mutex, list: newList(), id: 1 })
  asleep(t, 'condition')
  assert.equal(posix.pthread_cond_destroy(m, cond), EBUSY)
  ok(posix.pthread_mutex_lock(m, mutex))
  ok(posix.pthread_cond_broadcast(m, cond))
  ok(posix.pthread_cond_destroy(m, cond))
  assert.ok(exists(t))
  ok(posix.pthread_mutex_unlock(m, mutex))
  join(t)
})
