import { model, twin } from './model.ts'

model('a canceled wait on a condition has the mutex', 'cancel.condition', { bound: 2, schedules: 5000, search: 4000 })
model('a signal is not lost with a waiter that is canceled', 'cancel.signalled', { bound: 2, schedules: 6000, search: 5000 })
model('a canceled wait on a semaphore has taken nothing', 'cancel.semaphore', { bound: 2, schedules: 5000, search: 4000 })
model('a request that comes while cancellation is disabled is acted upon after', 'cancel.disabled', { bound: 3, schedules: 5000, search: 4000 })

twin('a canceled wait that does not lock the mutex again', 'cancel.condition', {
  file: 'pthread/cond.ts', from: '    const locked = yield* lock_slow(m, mutex, tid)\n    if (locked === 0 || locked === EOWNERDEAD) poke(m, mutex + Mutex.depth, depth)\n    throw error', to: '    throw error',
}, /assertion: victim: .*without the mutex/)

twin('a waiter that was signalled, and is canceled while it waits for the mutex', 'cancel.signalled', {
  file: 'kernel/futex.ts', from: '        poke(kernel, t + interruptible, peek(kernel, t + interruptible) & SIGNAL)   // I7\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on condition/, { bound: 3, schedules: 30_000, search: 20_000 })

twin('a request that ends no sleep', 'cancel.condition', {
  file: 'pthread/cancel.ts', from: '  else if (why !== 0) prod(slot, why)\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on condition/)

twin('a cancellation that takes the wake along', 'cancel.semaphore', {
  file: 'kernel/futex.ts', from: '  let asleep = 0\n  const taken', to: '  let asleep = 0\n  if (load(kernel, t + bucket) !== 0) poke(kernel, t + interrupted, EINTR)\n  const taken',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a thread that enables cancellation, and does not look', 'cancel.disabled', {
  file: 'pthread/cancel.ts', from: '    if ((before & REQUESTED) !== 0) or(kernel, t + attention, CANCEL)\n', to: '    if (before < 0) asynchronously()\n',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a sleep that does not look whether it was canceled', 'cancel.disabled', {
  file: 'kernel/request.ts', from: '  if (due !== 0) interrupt(slot, due)\n', to: '  if (due !== 0 && slot < 0) interrupt(slot, due)\n',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)
