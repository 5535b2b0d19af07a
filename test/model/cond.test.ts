import { model, twin } from './model.ts'

model('a signal sent after the mutex was released is not lost', 'cond.signal', { bound: 2 })
model('a waiter that is moved to the mutex gets it', 'cond.held', { bound: 2 })
model('a broadcast wakes both waiters, and each gets the mutex', 'cond.broadcast', { bound: 2, schedules: 6000, search: 5000 })
model('a wait that times out while it is signalled ends one way or the other, with the mutex', 'cond.timed', { bound: 2 })

twin('a signal that wakes before it counts', 'cond.signal', {
  file: 'pthread/cond.ts', from: '  add(m, cond, 1)                                                         // I1: before anybody is taken off\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on condition/)

twin('a waiter that reads the word after it has released the mutex', 'cond.signal', {
  file: 'pthread/cond.ts', from: 'result = yield wait(m, cond, seen,', to: 'result = yield wait(m, cond, load(m, cond),',
}, /lost wakeup: no thread can run: 1 sleeps on condition/)

twin('waiters moved to a held mutex that is not marked contended', 'cond.held', {
  file: 'kernel/futex.ts', from: 'const word = cas(to, target, held, contended)', to: 'const word = load(to, target)',
}, /lost wakeup: no thread can run: 1 sleeps on mutex/)

twin('a waiter that returns without the mutex when its time is up', 'cond.timed', {
  file: 'pthread/cond.ts', from: 'const locked = yield* lock_slow(m, mutex, tid) ', to: 'const locked = result !== 0 ? 0 : yield* lock_slow(m, mutex, tid) ',
}, /assertion: impatient: .*without the mutex/)
