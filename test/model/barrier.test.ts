import { model, twin } from './model.ts'

model('nobody leaves before all have come, one is the serial thread, and the next round may begin at once', 'barrier.reused', { bound: 3, schedules: 6000, search: 5000 })
model('three threads', 'barrier.three', { bound: 2, schedules: 4000, search: 3000 })
model('who is told to be serial may end the barrier\'s life and use its memory', 'barrier.destroyed', { bound: 3, schedules: 6000, search: 5000 })
model('a wait that gives up takes its arrival back', 'barrier.timed', { bound: 3, schedules: 4000, search: 3000 })

twin('two that both look before one of them counts itself', 'barrier.three', {
  file: 'pthread/barrier.ts', from: 'const seen = cas(m, barrier, state, last ? (state | low) + 1 | 0 : state + 1)', to: 'const seen = state; poke(m, barrier, last ? (state | low) + 1 | 0 : state + 1); load(m, barrier)',
}, /lost wakeup: no thread can run: [123] sleeps? on barrier/, { plain: 'stores' })

twin('a last one that wakes nobody', 'barrier.reused', {
  file: 'pthread/barrier.ts', from: '      wake(m, barrier, Infinity)                                          // I3\n', to: '',
}, /lost wakeup: no thread can run: [12] sleeps? on barrier/)

twin('a last one that starts no new round', 'barrier.reused', {
  file: 'pthread/barrier.ts', from: 'last ? (state | low) + 1 | 0 : state + 1', to: 'last ? state & ~low : state + 1',
}, /lost wakeup: no thread can run: [12] sleeps? on barrier/)

twin('a destroy that does not wait until all have left', 'barrier.destroyed', {
  file: 'pthread/barrier.ts', from: '!== 0 ? EBUSY : block(leave_slow(m, barrier))', to: '!== 0 ? EBUSY : 0',
}, /assertion: after: .*is touched/)

twin('one that leaves, and does not tell who destroys', 'barrier.destroyed', {
  file: 'pthread/barrier.ts', from: 'if (add(m, barrier + inside, -1) === (GOING + 1 | 0)) wake(m, barrier + inside, Infinity)', to: 'add(m, barrier + inside, -1)',
}, /lost wakeup: no thread can run: 1 sleeps on barrier/)

twin('a wait that gives up although the round is over', 'barrier.timed', {
  file: 'pthread/barrier.ts', from: 'result === ETIMEDOUT && giveUp(m, barrier, round, low)', to: 'result === ETIMEDOUT && (giveUp(m, barrier, round, low), true)',
}, /lost wakeup: no thread can run: 1 sleeps on barrier/)
