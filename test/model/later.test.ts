import { model, twin } from './model.ts'

model('two promises of the mutex: one after the other', 'later.locks', { bound: 2, schedules: 5000, search: 4000 })
model('a promise and a thread that blocks stand in one queue', 'later.mixed', { bound: 2, schedules: 5000, search: 4000 })
model('two promises of one thread come true in any order', 'later.twoAtOnce', { bound: 2, schedules: 4000, search: 3000 })
model('a promise that gives up takes no unit with it', 'later.timed', { bound: 2, schedules: 4000, search: 3000 })
model('timers go off in the order of their times', 'later.timers', { bound: 1, schedules: 10, search: 10 })

twin('a promise that says that it sleeps, and does not look whether it was woken', 'later.mixed', {
  file: 'kernel/request.ts', from: 'if (cas(kernel, t + ThreadRecord.park, 0, 1) === 0) {', to: 'if (poke(kernel, t + ThreadRecord.park, 1), true) {',
}, /lost wakeup: no thread can run: 1 sleeps on mutex/, { plain: 'stores' })

twin('a promise that gives up although it was woken', 'later.timed', {
  file: 'kernel/request.ts', from: 'if (withdraw(slot)) result = ETIMEDOUT', to: 'withdraw(slot)\n        result = ETIMEDOUT',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)
