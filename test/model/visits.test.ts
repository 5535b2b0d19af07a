import { model, twin } from './model.ts'

model('nobody is inside a program that was given up', 'visits.pass', { bound: 3, schedules: 6000, search: 6000 })
model('two that come and go', 'visits.two', { bound: 2, schedules: 5000, search: 4000 })
model('who waits inside is thrown out', 'visits.wait', { bound: 3, schedules: 5000, search: 4000 })
model('two that wait', 'visits.many', { bound: 2, schedules: 4000, search: 3000 })
model('what is thrown passes a lock whose owner is gone', 'visits.lock', { bound: 2, schedules: 5000, search: 4000 })

twin('a visitor that looks before it says that it comes', 'visits.pass', {
  file: 'wasm/visits.ts', from: '  store(kernel, mine + Annex.visits, id)\n  if (runs(at, id)) return true\n',
  to: '  const open = runs(at, id)\n  store(kernel, mine + Annex.visits, id)\n  if (open) return true\n',
}, /assertion: .*(nobody is inside|given up)/)

twin('a visitor that wakes nobody', 'visits.pass', {
  file: 'wasm/visits.ts', from: 'if (exchange(kernel, mine + Annex.visits, 0) < 0) wake(kernel, mine + Annex.visits, Infinity)', to: 'exchange(kernel, mine + Annex.visits, 0)',
}, /lost wakeup: no thread can run: \d+ sleeps on exit of all/)

twin('an end that interrupts nobody', 'visits.wait', {
  file: 'wasm/visits.ts', from: '    or(kernel, record(slot) + ThreadRecord.attention, SIGNAL)\n    prod(slot, SIGNAL)\n', to: '',
}, /lost wakeup: no thread can run: /)

twin('an end that sets no attention before it interrupts', 'visits.wait', {
  file: 'wasm/visits.ts', from: '    or(kernel, record(slot) + ThreadRecord.attention, SIGNAL)\n    prod', to: '    prod',
}, /lost wakeup: no thread can run: /)

twin('a visitor that is thrown out once', 'visits.lock', {
  file: 'wasm/visits.ts', from: '  or(kernel, record(self.slot) + ThreadRecord.attention, SIGNAL)\n', to: '',
}, /deadlock: no thread can run: 1 sleeps on mutex/)
