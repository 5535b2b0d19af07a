import { model, twin } from './model.ts'

model('a holder has the priority of who waits for it, and gives it back', 'priority.inherits', { bound: 3, schedules: 6000, search: 5000 })
model('a priority goes along a chain of holders', 'priority.chain', { bound: 2, schedules: 8000, search: 6000 })
model('a waiter that gives up takes its priority back', 'priority.givesUp', { bound: 3, schedules: 6000, search: 5000 })
model('a waiter that gives up takes its priority back along the chain', 'priority.givesUpInChain', { bound: 2, schedules: 8000, search: 6000 })
model('ceilings hold while the mutex is held', 'priority.ceilings', { bound: 2, schedules: 4000, search: 3000 })
model('the highest priority is woken first', 'priority.order', { bound: 2, schedules: 4000, search: 3000 })
model('the highest priority gets the mutex first', 'priority.orderOfMutex', { bound: 2, schedules: 4000, search: 3000 })

twin('a waiter that gives nothing', 'priority.inherits', {
  file: 'kernel/futex.ts', from: '  if (prioritized()) inherit(slot)\n', to: '',
}, /assertion: low: .*the holder has 1, and 5 waits/)

twin('a gift that is overwritten', 'priority.inherits', {
  file: 'kernel/priority.ts', from: 'if (cas(kernel, word, seen, (seen & ~VALUE) + (VALUE + 1) | compute()) === seen) return',
  to: 'store(kernel, word, (seen & ~VALUE) + (VALUE + 1) | compute())\n    return',
}, /assertion: low: .*the holder has 1, and 5 waits/, { bound: 3, schedules: 20_000, search: 10_000 })

twin('a gift that looks only at the next holder', 'priority.chain', {
  file: 'pthread/priority.ts', from: '      slot = holder\n', to: '',
}, /assertion: lowest: .*the last holder has 5, and 9 waits/)

twin('a waiter that gives up and leaves its gift', 'priority.givesUp', {
  file: 'pthread/robust.ts', from: '      if (errno === ETIMEDOUT) takeBack(m, mutex) ', to: '      if (errno !== errno) takeBack(m, mutex) ',
}, /assertion: low2: .*keeps the gift/)

twin('a gift that is taken back from the next holder only', 'priority.givesUpInChain', {
  file: 'pthread/priority.ts', from: '    link = awaitedBy(holder)\n', to: '    link = 0\n',
}, /assertion: lowest2: .*keeps the gift/)

twin('an unlock after which the holder keeps what it has inherited', 'priority.inherits', {
  file: 'pthread/robust.ts', from: '  poke(kernel, t + acquiring, 0)\n  inheritAgain(slot, kind)\n  return 0', to: '  poke(kernel, t + acquiring, 0)\n  return 0',
}, /assertion: low: .*keeps what it has inherited/)

twin('an unlock that works out what it inherits before it is unlocked', 'priority.inherits', {
  file: 'pthread/robust.ts', from: '  if (exchange(m, mutex, lost ? LOST : VACANT) < 0) wake(m, mutex, lost ? Infinity : 1) ',
  to: '  inheritAgain(slot, kind)\n  if (exchange(m, mutex, lost ? LOST : VACANT) < 0) wake(m, mutex, lost ? Infinity : 1)\n  if (kind !== 0) return 0 ',
}, /assertion: low: .*keeps what it has inherited/)

twin('a ceiling that is forgotten with the mutex that was locked last', 'priority.ceilings', {
  file: 'pthread/priority.ts', from: 'most = Math.max(most, peek(m, mutex + Mutex.ceiling))', to: 'return peek(m, mutex + Mutex.ceiling) > 5 ? 9 : 0',
}, /assertion: /)

twin('a wake that takes who came first', 'priority.orderOfMutex', {
  file: 'kernel/futex.ts', from: '  if (slot !== 0 && prioritized()) slot = highest_locked(slot, memoryId, a, bits)\n', to: '',
}, /assertion: passes: .*the lower priority was woken first/)

twin('a post that takes who came first', 'priority.order', {
  file: 'kernel/decide.ts', from: 'inOrder_locked(b, memoryId, a, bits)?.slice(0, count) ?? []', to: '[] as number[]',
}, /assertion: posts: .*the lower priority was woken first/)
