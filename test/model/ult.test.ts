import { model, twin } from './model.ts'

const most = { schedules: 3000, search: 2500 }

model('fibers of two carriers are never inside together, and both get in', 'ult.locked', { bound: 2, schedules: 20_000, search: 20_000, coverage: 'bound' })
model('fibers that either carrier may begin', 'ult.lockedAnywhere', { bound: 2, ...most })
model('fibers and a thread with a Worker at one mutex', 'ult.lockedByAll', { bound: 2, ...most })
model('a fiber that gives up a timed lock takes no wakeup with it', 'ult.timed', { bound: 1, ...most })
model('a condition between fibers of two carriers', 'ult.told', { bound: 2, ...most })
model('a fiber joins one that it has created, wherever that begins', 'ult.joined', { bound: 2, ...most })

model('a signal to a fiber, before, while and after it falls asleep: its handler runs once', 'ult.signalled', { bound: 2, ...most })
model('a fiber is canceled before it sleeps, or asleep', 'ult.canceled', { bound: 3, ...most })
model('by a fiber of another carrier', 'ult.canceledByFiber', { bound: 2, ...most })
model('while it waits for a promise, or before', 'ult.canceledInAwait', { bound: 3, ...most })

model('a carrier that waits in its event loop hears of promises, of its own callbacks, of its alarms and of others', 'ult.awaited', { bound: 2, ...most })
model('and of what a callback wakes that settles the promise', 'ult.calledBack', { coverage: 'all' })

model('what a blocked carrier has not begun is begun by the spare one', 'ult.frozen', { bound: 2, ...most })
model('what a blocked carrier has not begun is begun by another', 'ult.stolen', { bound: 2, ...most })

model('SCHED_FIFO: the order is exact, of those that yield, are woken, and are preempted', 'ult.ordered', { bound: 2, ...most })
model('whom the scheduler lets preempt runs before the next verb: who ran woke it', 'ult.statedByItself', { coverage: 'all' })
model('the same, woken by a thread with a Worker', 'ult.statedOutside', { bound: 2, ...most })
model('the same, woken by a fiber of another carrier', 'ult.statedAcross', { bound: 2, ...most })

twin('an alarm that takes a wakeup for a timeout', 'ult.timed', {
  file: 'ult/runnable.ts', from: '  if (!withdraw(fiber.slot)) return                                       // T1\n', to: '  withdraw(fiber.slot)\n',
}, /lost wakeup: no thread can run: 1 sleeps on mutex/)

twin('a carrier that lies down without a look', 'ult.told', {
  file: 'ult/rest.ts', from: ' && lieDown(here.place)) {\n', to: ' && (lieDown(here.place), poke(kernel, placeRecord(here.place) + Place.bell, 1), true)) {\n',
}, /lost wakeup: /)

twin('a trampoline that does not look at hints', 'ult.locked', {
  file: 'ult/runnable.ts', from: '    if (woken(slot)) ready(fiber, Why.WOKEN)\n', to: '    if (woken(slot)) return\n',
}, /lost wakeup: no thread can run: 1 sleeps on mutex$/)

twin('a fiber that is canceled before it awaits is told by nobody', 'ult.canceledInAwait', {
  file: 'ult/trampoline.ts', from: '  if (noticed() && hasBegun(fiber)) look(fiber.slot)                      // it was told before it awaited: nobody hints again\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on its carrier/)

twin('a carrier in its event loop that does not hear its own callbacks', 'ult.calledBack', {
  file: 'ult/trampoline.ts', from: '    } else if (lingers()) {\n      prompt()\n    }', to: '    }',
}, /lost wakeup: no thread can run: 1 sleeps on its carrier, 1 sleeps on semaphore/)

twin('a carrier that keeps what it has not begun', 'ult.frozen', {
  file: 'ult/trampoline.ts', from: '  giveAway()\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore, 1 sleeps on a carrier/)

twin('a carrier that gives away what it begins all the same', 'ult.frozen', {
  file: 'ult/runnable.ts', from: '    scheduler.remove(fiber)\n    fiber.phase = Phase.ENDED\n    fibers.delete(slot)\n', to: '',
}, /assertion: after: .*each is begun once/)

twin('a thread that is preempted goes to the tail', 'ult.ordered', {
  file: 'ult/trampoline.ts', from: '    yielded(fiber, Why.PREEMPTED)\n', to: '    yielded(fiber, Why.YIELDED)\n',
}, /assertion: after: .*habHcABCxoO/)

twin('the wish of a scheduler that knows no priorities is heard late', 'ult.statedByItself', {
  file: 'ult/runnable.ts', from: '  credit.eager = !here.byPriority || prioritized()\n', to: '  credit.eager = here.timed || prioritized()\n',
}, /assertion: wakesItself: .*who was woken before the verb has run/)

twin('a verb that does not look for hints of others', 'ult.statedAcross', {
  file: 'ult/runnable.ts', from: '  return peek(kernel, carrier.at + Place.hintTail) !== seen.hints\n', to: '  return peek(kernel, carrier.at + Place.hintTail) < 0\n',
}, /assertion: rounds: .*who was woken before the verb has run/)

twin('nobody asks whether the woken one shall run', 'ult.ordered', {
  file: 'ult/runnable.ts', from: '  if (why === Why.WOKEN) preempt(fiber)\n', to: '',
}, /assertion: after: /)
