import { model, twin } from './model.ts'

model('a reader and a writer: every interleaving', 'rwlock.two', { bound: Infinity, schedules: 50_000, search: 50_000, coverage: 'all' })
model('two writers and a reader in between', 'rwlock.phases', { bound: 2, schedules: 4000, search: 3000 })
model('a writer that leaves lets both readers in', 'rwlock.readers', { bound: 2, schedules: 4000, search: 3000 })
model('a try gets in or not, at once', 'rwlock.tries', { bound: 2, schedules: 4000, search: 3000 })
model('a reader that gives up is not waited for', 'rwlock.givesUpReading', { bound: 2, schedules: 4000, search: 3000 })
model('a writer that gives up bars nobody', 'rwlock.givesUpWriting', { bound: 2, schedules: 4000, search: 3000 })
model('readers first: who reads may read again, whoever waits', 'rwlock.readersFirst', { bound: 2, schedules: 4000, search: 3000 })
model('writers first', 'rwlock.writersFirst', { bound: 2, schedules: 4000, search: 3000 })
model('signals interrupt a reader and a writer that wait', 'rwlock.interrupted', { bound: 2, schedules: 6000, search: 5000 })
model('a writer whose handler throws bars nobody', 'rwlock.thrownOut', { bound: 2, schedules: 6000, search: 5000 })
model('a reader that dies on the way in is not waited for', 'rwlock.deadReader', { bound: 1, schedules: 1200, search: 1000 })
model('a writer that dies on the way in bars nobody', 'rwlock.deadWriter', { bound: 1, schedules: 1200, search: 1000 })

twin('a reader that looks, then enters', 'rwlock.two', {
  file: 'pthread/rwlock.ts', from: '&& cas(m, lock, seen, seen + 1) === seen) return 0', to: '&& (add(m, lock, 1), true)) return 0',
}, /assertion: .*(a reader is inside with a writer|a writer is inside with a reader)/)

twin('a last reader that wakes nobody', 'rwlock.two', {
  file: 'pthread/rwlock.ts', from: 'if ((v & DUE) === 0 || epoch !== losses()) wake(m, lock, 1, WRITER) ', to: 'if (epoch !== losses()) wake(m, lock, 1, WRITER) ',
}, /lost wakeup: no thread can run: 1 sleeps on rwlock/)

twin('a leaving writer that wakes readers and does not count them', 'rwlock.phases', {
  file: 'pthread/rwlock.ts', from: 'store(m, lock, Math.min(due, DUE_MAX) * ONE_DUE | barrier | (due === readers ? 0 : SLEEPERS))', to: 'store(m, lock, barrier)',
}, /lost wakeup: no thread can run: 2 sleep on rwlock/)

twin('a reader that stands behind the writers, where nobody counts it', 'rwlock.phases', {
  file: 'pthread/rwlock.ts', from: 'READER | FRONT, epoch)', to: 'READER, epoch)',
}, /lost wakeup: no thread can run: 1 sleeps on rwlock/)

twin('a writer that leaves, and takes no reader for asleep', 'rwlock.phases', {
  file: 'pthread/rwlock.ts', from: '(load(m, lock) & SLEEPERS) === 0 ? 0 : queue.leading(READER)', to: '(load(m, lock) & SLEEPERS) !== 0 ? 0 : queue.leading(READER)',
}, /lost wakeup: no thread can run: [12] sleeps? on rwlock/)

twin('a writer that gives up, and leaves its claim behind', 'rwlock.givesUpWriting', {
  file: 'pthread/rwlock.ts', from: 'if (result === ETIMEDOUT) giveUp(m, lock)', to: 'if (result !== result) giveUp(m, lock)',
}, /lost wakeup: no thread can run: 1 sleeps on rwlock|a reader is kept out/)

twin('a writer whose handler throws, and leaves its claim behind', 'rwlock.thrownOut', {
  file: 'pthread/rwlock.ts', from: 'if (result === ETIMEDOUT) giveUp(m, lock)', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on rwlock|a reader is kept out/)

twin('a reader that is let in and says that its time was up', 'rwlock.givesUpReading', {
  file: 'kernel/futex.ts', from: 'if (ms <= 0) return withdraw(slot) ? ETIMEDOUT : 0', to: 'if (ms <= 0) return withdraw(slot) ? ETIMEDOUT : ETIMEDOUT',
}, /lost wakeup: no thread can run: 1 sleeps on rwlock|a writer is kept out/)

twin('readers first, but not before a writer that waits', 'rwlock.readersFirst', {
  file: 'pthread/rwlock.ts', from: ' && peek(m, lock + kind) !== PTHREAD_RWLOCK_PREFER_READER_NP', to: '',
}, /lost wakeup: no thread can run: [23] sleep on rwlock/)

twin('a reader that is due for ever, dead or not', 'rwlock.deadReader', {
  file: 'pthread/rwlock.ts', from: '((v & DUE) !== 0 && peek(m, lock + turn) === epoch)', to: '(v & DUE) !== 0',
}, /lost wakeup: no thread can run: [12] sleeps? on rwlock/, { bound: 2 })

twin('a claim that is valid for ever, whoever made it', 'rwlock.deadWriter', {
  file: 'pthread/rwlock.ts', from: ' && peek(m, lock + claim) === epoch', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on rwlock|a reader is kept out/, { bound: 2 })
