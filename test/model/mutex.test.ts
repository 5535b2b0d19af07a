import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check } from '#internal/lab/index.js'
import { model, twin } from './model.ts'

model('normal: two threads are never inside together, and both get in: every interleaving', 'mutex.two', { bound: Infinity, schedules: 100_000, search: 100_000, coverage: 'all' })
model('normal: three threads', 'mutex.three', { bound: 2, schedules: 6000, search: 5000 })
model('recursive: inside until as many unlocks as locks', 'mutex.recursive', { bound: 3, schedules: 5000, search: 4000 })
model('errorcheck: the errors, whatever the others do', 'mutex.errorcheck', { bound: 3, schedules: 5000, search: 4000 })
model('trylock gets it or not, at once', 'mutex.trylock', { bound: 2, schedules: 5000, search: 4000 })
model('a timed lock that gives up takes no wakeup with it', 'mutex.timed', { bound: 2, schedules: 6000, search: 5000 })

model('errorcheck: who would close a circle with a thread that sleeps is told', 'mutex.told', { bound: 3, schedules: 5000, search: 4000 })

twin('a woken thread that leaves HELD behind lets the others sleep', 'mutex.three', {
  file: 'pthread/mutex.ts', from: 'while (exchange(m, mutex, CONTENDED) !== FREE) {', to: 'while (exchange(m, mutex, CONTENDED) !== FREE || (poke(m, mutex, HELD), false)) {',
}, /lost wakeup: no thread can run: 1 sleeps on mutex/)

twin('an unlock that wakes nobody', 'mutex.two', {
  file: 'pthread/mutex.ts', from: 'if (seen === CONTENDED) {\n    wake(m, mutex, 1)', to: 'if (seen === CONTENDED) {',
}, /^lost wakeup: no thread can run: 1 sleeps on mutex$/)

twin('an unlock that looks before it stores', 'mutex.two', {
  file: 'pthread/mutex.ts', from: 'const seen = exchangeOwned(m, mutex, FREE, tid) ', to: 'const was = load(m, mutex); const seen = exchangeOwned(m, mutex, FREE, tid) < 0 ? -1 : was ',
}, /^lost wakeup: no thread can run: 1 sleeps on mutex$/)

twin('a lock that looks before it stores', 'mutex.three', {
  file: 'pthread/mutex.ts', from: 'while (exchange(m, mutex, CONTENDED) !== FREE) {', to: 'while (load(m, mutex) === FREE ? (exchange(m, mutex, CONTENDED), false) : exchange(m, mutex, CONTENDED) !== FREE) {',
}, /assertion: .*two threads are inside/, { bound: 3, schedules: 30_000, search: 15_000 })

twin('a lock that never says that it waits', 'mutex.two', {
  file: 'pthread/mutex.ts', from: 'while (exchange(m, mutex, CONTENDED) !== FREE) {', to: 'while (load(m, mutex) !== FREE || (exchange(m, mutex, CONTENDED), false)) {',
}, /livelock: /)

twin('a timed lock that is woken, gives up, and tells nobody', 'mutex.timed', {
  file: 'kernel/futex.ts', from: 'if (ms <= 0) return withdraw(slot) ? ETIMEDOUT : 0', to: 'if (ms <= 0) return withdraw(slot) ? ETIMEDOUT : ETIMEDOUT',
}, /lost wakeup: no thread can run: 1 sleeps on mutex/)

twin('a recursive unlock that forgets the depth', 'mutex.recursive', {
  file: 'pthread/mutex.ts', from: '    poke(m, mutex + depth, more - 1)\n    return 0', to: '    poke(m, mutex + depth, 0)\n    exchangeOwned(m, mutex, FREE, tid)\n    return 0',
}, /assertion: /)

twin('an errorcheck mutex that anybody can unlock', 'mutex.errorcheck', {
  file: 'pthread/mutex.ts', from: '  if (peek(m, mutex + type) !== PTHREAD_MUTEX_NORMAL) return EPERM\n', to: '',
}, /assertion: /)

twin('a queued thread that has not said yet that it sleeps for ever', 'mutex.told', {
  file: 'kernel/futex.ts', from: 'poke(kernel, t + ThreadRecord.timed, deadline === Infinity ? 0 : 1)', to: 'poke(kernel, t + ThreadRecord.timed, 1)',
}, /^deadlock: no thread can run: 2 sleep on mutex/)

test('two mutexes locked crosswise are found as a deadlock that names both', async () => {
  const { finding, replayed } = await check(new URL('./stories/mutex.js', import.meta.url), { story: 'crossed' })
  assert.equal(finding?.verdict, 'deadlock')
  assert.equal(finding.summary, 'no thread can run: 2 sleep on mutex; forth waits for mutex2, which back holds, back waits for mutex, which forth holds')
  assert.equal(finding.preemptions, 1)
  assert.ok(replayed)
})
