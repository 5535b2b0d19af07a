import { model, twin } from './model.ts'

model('a holder dies at any store: the next one is told, once', 'robust.dies', { bound: 1, plain: 'stores', schedules: 4000, search: 4000 })
model('a holder dies at any step while others wait', 'robust.waited', { bound: 1, schedules: 4000, search: 4000 })
model('a thread that ends with the mutex held: one is told', 'robust.ends', { bound: 2, schedules: 4000, search: 3000 })
model('who is told and does not repair: nobody gets it any more, and nobody sleeps for ever', 'robust.repairedByNobody', { bound: 2, schedules: 3000, search: 2000 })

twin('a lock that does not say what it acquires', 'robust.dies', {
  file: 'pthread/robust.ts', from: '  poke(kernel, t + acquiring, linkTo(m, mutex))                           // I4\n  if (cas(', to: '  if (cas(',
}, /lost wakeup|assertion/, { bound: 1, plain: 'stores' })

twin('an unlock that does not say what it gives up', 'robust.dies', {
  file: 'pthread/robust.ts', from: '  poke(kernel, t + acquiring, linkTo(m, mutex))                           // I4\n  delist', to: '  delist',
}, /lost wakeup|assertion/, { bound: 1, plain: 'stores' })

twin('an heir that makes an orphan of a mutex that another one has by now', 'robust.dies', {
  file: 'pthread/robust.ts', from: '!isVacant(word) && (word & HOLDER) === tid; word =', to: '!isVacant(word); word =',
}, /assertion: /, { bound: 2, plain: 'stores' })

twin('a thread that ends and wakes nobody who waits for its mutex', 'robust.ends', {
  file: 'pthread/robust.ts', from: '    if (word < 0 && !quiet) wake(m, mutex, 1)\n', to: '',
}, /lost wakeup: no thread can run: [12] sleeps? on mutex/)

twin('an unlock without repair that leaves an orphan', 'robust.repairedByNobody', {
  file: 'pthread/robust.ts', from: 'exchange(m, mutex, lost ? LOST : VACANT)', to: 'exchange(m, mutex, lost ? ORPHAN : VACANT)',
}, /assertion: /)

twin('a thread that was woken, finds the mutex lost, and tells nobody else who waits', 'robust.repairedByNobody', {
  file: 'pthread/robust.ts', from: '  else if (result === ENOTRECOVERABLE) wake(m, mutex, Infinity)\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on mutex/, { bound: 2, schedules: 20_000, search: 2000 })
