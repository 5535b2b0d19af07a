import { model, twin } from './model.ts'

model('a call gets its result: every interleaving', 'ring.one', { bound: 2, schedules: 8000, search: 7000 })
model('two callers, one I/O thread', 'ring.two', { bound: 1, schedules: 4000, search: 3500 })
model('a record that is used again is nobody else\'s call', 'ring.repeated', { bound: 2, schedules: 6000, search: 5000 })
model('a call that is given up, while it begins or ends, is freed once', 'ring.timed', { bound: 2, schedules: 6000, search: 5000 })

model('who calls dies at any step: its call is freed, others get theirs', 'ring.callerDies', { bound: 1, schedules: 2500, search: 2500 })
model('the I/O thread dies at any step: a call that had begun is told, another one is run by the next', 'ring.ioDies', { bound: 1, schedules: 2500, search: 2500 })

const asleep = '  store(kernel, IO + Io.bell, ASLEEP)                                     // I2\n'
const look = `  for (let at = callBits, end = endOfBits(); at < end; at += 4) {
    if (load(kernel, at) === 0) continue
    store(kernel, IO + Io.bell, AWAKE)
    return undefined
  }
`

twin('an I/O thread that looks for calls before it says that it sleeps', 'ring.one', {
  file: 'pthread/ring.ts', from: `${asleep}${look}`, to: `${look}${asleep}`,
}, /lost wakeup: no thread can run/)

twin('a caller that looks at the doorbell before it sets its bit', 'ring.one', {
  file: 'pthread/ring.ts', from: '  or(kernel, callBits + 4 * (n >>> 5), 1 << (n & 31))\n  if (load(kernel, IO + Io.bell) === ASLEEP && cas',
  to: '  const asleep = load(kernel, IO + Io.bell) === ASLEEP\n  or(kernel, callBits + 4 * (n >>> 5), 1 << (n & 31))\n  if (asleep && cas',
}, /lost wakeup: no thread can run/)

twin('a call that ends, and whose caller is not woken', 'ring.one', {
  file: 'pthread/ring.ts', from: '  if (!isReaper) wake(kernel, word, 1)\n', to: '',
}, /lost wakeup: no thread can run/)

twin('an I/O thread that stores DONE over ABANDONED', 'ring.timed', {
  file: 'pthread/ring.ts', from: '  if (cas(kernel, word, BEGUN, DONE) !== BEGUN) {', to: '  if (load(kernel, word) === 0 || (store(kernel, word, DONE), false)) {',
}, /assertion: after: .*call \d/)

twin('a reaper that forgets the calls of the dead', 'ring.callerDies', {
  file: 'pthread/bequest.ts', from: '  sweepCalls(n)\n', to: '',
}, /assertion: after: .*call \d/, { bound: 1 })

twin('an I/O thread that begins its life with the bits alone', 'ring.ioDies', {
  file: 'pthread/ring.ts', from: '  for (let n = 1, last = load(kernel, IO + Io.last); n <= last; n++) begin(n, found)                      // I3\n', to: '',
}, /lost wakeup: no thread can run/, { bound: 1 })
