import { model, twin } from './model.ts'

model('one is inside, and nobody sleeps for ever: every interleaving of two', 'lock.two', { bound: Infinity, schedules: 50_000, search: 50_000, coverage: 'all' })
model('three want it', 'lock.three', { bound: 3, schedules: 6000, search: 5000 })

twin('who has slept leaves no CONTENDED behind', 'lock.three', {
  file: 'mem/lock.ts', from: 'if (cas(m, a, 0, holder | CONTENDED) === 0) return', to: 'if (cas(m, a, 0, holder) === 0) return',
}, /lost wakeup: no thread can run: 1 sleeps on process\.internLock/, { bound: 3 })

twin('a release that looks, then stores', 'lock.two', {
  file: 'mem/lock.ts', from: 'if (exchange(m, a, 0) < 0) resume(m, a, 1)', to: 'const seen = load(m, a)\n  exchange(m, a, 0)\n  if (seen < 0) resume(m, a, 1)',
}, /lost wakeup: no thread can run: 1 sleeps on process\.internLock/)
