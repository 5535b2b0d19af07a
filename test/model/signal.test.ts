import { model, twin } from './model.ts'

model('a signal of the process ends a sleep, or is handled before it', 'signal.chosen', { bound: 3, schedules: 6000, search: 5000 })
model('a signal of the process outlives the thread that was chosen', 'signal.passedOn', { bound: 2, schedules: 5000, search: 4000 })
model('a signal of the process is another thread\'s when the chosen one blocks it', 'signal.shut', { bound: 2, schedules: 5000, search: 4000 })
model('a signal sent to a thread is handled, wherever it meets it', 'signal.directed', { bound: 3, schedules: 6000, search: 5000 })
model('sigwait misses nothing', 'signal.awaited', { bound: 3, schedules: 6000, search: 5000 })
model('of two that wait, each gets one of two signals', 'signal.awaitedByTwo', { bound: 2, schedules: 5000, search: 4000 })
model('a wait that a signal ends has taken nothing', 'signal.interrupted', { bound: 2, schedules: 5000, search: 4000 })

model('a signal that everybody blocks stays pending while a thread is made', 'signal.born', { bound: 3, schedules: 6000, search: 5000 })

twin('a new thread that is seen before it has its mask', 'signal.born', {
  file: 'kernel/thread.ts', from: '  mask(t, (flags & UNCOUNTED) !== 0)\n  store(kernel, t + ThreadRecord.exit, 1)\n  store(kernel, t + ThreadRecord.state, State.EMBRYO)',
  to: '  store(kernel, t + ThreadRecord.state, State.EMBRYO)\n  store(kernel, t + ThreadRecord.exit, 1)\n  mask(t, (flags & UNCOUNTED) !== 0)\n',
}, /a signal that everybody blocks is gone/)

twin('a sleep that does not look whether a signal has come', 'signal.directed', {
  file: 'kernel/request.ts', from: '  if (due !== 0) interrupt(slot, due)\n', to: '  if (due !== 0 && slot < 0) interrupt(slot, due)\n',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a signal that ends no sleep', 'signal.directed', {
  file: 'kernel/signal.ts', from: '  if (interrupt(slot, why)) return\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a thread that ends and takes the signal along', 'signal.passedOn', {
  file: 'kernel/signal.ts', from: '  underSignalLock(() => { drop_locked(self.slot) })\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a thread that blocks a signal which it was to take', 'signal.shut', {
  file: 'kernel/signal.ts', from: '!== 0) redirect_locked()\n}\n\nconst deliverable', to: '!== 0) return\n}\n\nconst deliverable',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a signal for a thread that blocks it', 'signal.shut', {
  file: 'kernel/signal.ts', from: 'if (blocks(slot, signo) || !hasHandler(slot, signo)) continue', to: 'if (!hasHandler(slot, signo)) continue',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a sigwait that looks, and then says that it waits', 'signal.awaited', {
  file: 'pthread/sigwait.ts', from: '    if (!found) await_locked(set0, set1)\n    return found\n  })',
  to: '    return found\n  }) || (underSignalLock(() => { await_locked(set0, set1) }), false)',
}, /lost wakeup: no thread can run: 1 sleeps on signal/)

twin('a sigwait that was told for two, and tells nobody', 'signal.awaitedByTwo', {
  file: 'kernel/signal.ts', from: '    if (deliverable(0, 0) !== 0 || deliverable(0, 1) !== 0) redirect_locked()\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on signal/)

twin('an interruption that does not look whether a wake was first', 'signal.interrupted', {
  file: 'kernel/futex.ts', from: '  let asleep = 0\n  const taken', to: '  let asleep = 0\n  if (load(kernel, t + bucket) !== 0) poke(kernel, t + interrupted, EINTR)\n  const taken',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)
