import { model, twin } from './model.ts'

model('the routine runs once, and who returns finds it done', 'once.two', { bound: 3, schedules: 6000, search: 6000, coverage: 'bound' })
model('three callers', 'once.three', { bound: 2, schedules: 6000, search: 5000 })
model('a routine that throws is run again', 'once.throws', { bound: 3, schedules: 6000, search: 5000 })

twin('two callers that both look before one of them stores', 'once.two', {
  file: 'pthread/once.ts', from: 'const state = cas(m, once, NOT_YET, RUNS) ', to: 'const state = load(m, once); if (state === NOT_YET) store(m, once, RUNS) ',
}, /assertion: /)

twin('an end that wakes nobody', 'once.two', {
  file: 'pthread/once.ts', from: '  wake(m, once, Infinity)\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on once/)
