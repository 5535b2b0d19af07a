import { model, twin } from './model.ts'

model('one is inside, and nobody sleeps for ever: every interleaving of two', 'spin.two', { bound: Infinity, schedules: 60_000, search: 60_000, coverage: 'all' })
model('three want it', 'spin.three', { bound: 2, schedules: 4000, search: 3000 })
model('a try gets it or not, at once', 'spin.trylock', { bound: 2, schedules: 4000, search: 3000 })

twin('a spin lock that looks, then stores', 'spin.two', {
  file: 'pthread/spin.ts', from: 'const seen = cas(m, lock, 0, self.tid)\n', to: 'const seen = load(m, lock)\n  if (seen === 0) exchange(m, lock, self.tid)\n',
}, /assertion: .*two threads are inside/)

twin('who has slept leaves no SLEEPERS behind', 'spin.three', {
  file: 'pthread/spin.ts', from: 'if (cas(m, lock, 0, self.tid | SLEEPERS) === 0) return 0 ', to: 'if (cas(m, lock, 0, self.tid) === 0) return 0 ',
}, /lost wakeup: no thread can run: 1 sleeps on futex/)

twin('an unlock of a spin lock that looks before it stores', 'spin.two', {
  file: 'pthread/spin.ts', from: 'if (exchange(m, lock, 0) < 0) wake(m, lock, 1)', to: 'if (load(m, lock) < 0) exchange(m, lock, 0), wake(m, lock, 1)\n  else exchange(m, lock, 0)',
}, /lost wakeup: no thread can run: 1 sleeps on futex/)
