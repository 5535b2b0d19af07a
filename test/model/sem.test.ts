import { model, twin } from './model.ts'

model('a post is not lost: every interleaving', 'sem.one', { bound: Infinity, schedules: 50_000, search: 50_000, coverage: 'all' })
model('two posts let two waiters through', 'sem.two', { bound: 2, schedules: 6000, search: 5000 })
model('a wait that times out while it is posted loses no unit', 'sem.timed', { bound: 3, schedules: 6000, search: 5000 })

model('a waiter that gives up passes nothing by', 'sem.gives', { bound: 2, schedules: 6000, search: 5000 })

twin('a post that takes the mark off while more sleep than it wakes', 'sem.two', {
  file: 'pthread/sem.ts', from: 'asleep > count ? WAITED : 0', to: '0',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a post that counts who sleeps before it has the queue', 'sem.two', {
  file: 'pthread/sem.ts',
  from: 'decideAndWake(m, sem, (queue) => {', to: 'const early = waiters(m, sem); decideAndWake(m, sem, () => { const queue = { count: (_: number) => early };',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a wait that sleeps without the mark', 'sem.one', {
  file: 'pthread/sem.ts',
  from: `if (word !== WAITED && (word !== 0 || cas(m, sem, 0, WAITED) !== 0)) continue
    const result = yield wait(m, sem, WAITED,`, to: 'const result = yield wait(m, sem, word,',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a futex that sleeps without looking at the word again', 'sem.one', {
  file: 'kernel/futex.ts', from: 'if (load(m, a) !== expected || ', to: 'if (',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)

twin('a wait that is woken, and says that its time was up', 'sem.gives', {
  file: 'kernel/futex.ts', from: 'if (ms <= 0) return withdraw(slot) ? ETIMEDOUT : 0', to: 'if (ms <= 0) return withdraw(slot) ? ETIMEDOUT : ETIMEDOUT',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/)
