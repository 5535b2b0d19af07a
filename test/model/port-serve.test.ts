// Who serves a port: appointment, its race with the end of who is appointed, and changes of servers.

import { model, twin } from './model.ts'

model('a thread is appointed while it ends: who asks is refused, and nobody waits for ever', 'port-serve.appointedEnds', { bound: 3, schedules: 8000, search: 7000 })
model('a thread is appointed while it begins to serve, leaves and ends: who asks is answered or refused', 'port-serve.appointedServes', { bound: 2, schedules: 8000, search: 7000 })
model('a thread is appointed while it joins and leaves: it does not serve once it has left', 'port-serve.appointedLeaves', { bound: 3, schedules: 8000, search: 7000 })
model('a thread is appointed, and dies at any step before and while it serves: who asks is told', 'port-serve.appointedDies', { bound: 1, schedules: 4000, search: 4000 })
model('a thread that was appointed ends, and its record is another appointment meanwhile: that stays', 'port-serve.appointedAnew', { bound: 2, schedules: 8000, search: 7000 })
model('a thread is created, appointed, and ends as threads do: who asks is refused', 'port-serve.appointedInLife', { bound: 1, schedules: 4000, search: 4000 })
model('who appoints dies at any step: who asks is told', 'port-serve.appointerDies', { bound: 1, schedules: 4000, search: 4000 })
model('two servers join and leave: nobody is left to wait in a port that nobody serves', 'port-serve.relayed', { bound: 3, schedules: 8000, search: 7000 })

twin('an appointment that is seen before life has changed', 'port-serve.appointedEnds', {
  file: 'port/server.ts', from: '  store(kernel, r + port, at)                                             // it counts\n', to: '  store(kernel, r + port, at)\n  store(kernel, r + state, SERVING)\n',
}, /thread 1 serves|lost wakeup: no thread can run: 1 sleeps on reply/, { bound: 3 })

twin('who appoints does not look whether the thread has ended meanwhile', 'port-serve.appointedEnds', {
  file: 'port/server.ts', from: '  if (!isAlive(who)) endAppointed(who)\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on reply/, { bound: 2 })

twin('the end of a thread that forgets its appointments', 'port-serve.appointedInLife', {
  file: 'port/end.ts', from: 'threadEnded: endAppointed', to: 'threadEnded: () => undefined',
}, /lost wakeup: no thread can run: .*on reply/, { bound: 1 })

twin('a thread that leaves with one record of two', 'port-serve.appointedLeaves', {
  file: 'port/server.ts', from: '  for (let i = adopted(at, self.tid); i !== 0; i = adopted(at, self.tid)) depart(i, false)\n', to: '',
}, /who has left serves still/, { bound: 3 })

twin('an appointment that whoever finds it looks after', 'port-serve.appointedAnew', {
  file: 'port/server.ts', from: 'cas(kernel, serverRecord(i) + carrier, -who, self.carrier) === -who', to: '(load(kernel, serverRecord(i) + carrier), store(kernel, serverRecord(i) + carrier, self.carrier), true)',
}, /the appointment of another one was ended/, { bound: 2 })

twin('a reaper that forgets who was appointed and never came', 'port-serve.appointedDies', {
  file: 'port/server.ts', from: '    else if (seen === SERVING && by < 0 && !isAlive(-by) && adopts(i, -by)) depart(i, true)\n', to: '',
}, /lost wakeup: no thread can run: .*on reply|assertion/, { bound: 1 })

twin('a reaper that frees what a dead one was making, and does not look whether somebody relied on it', 'port-serve.appointerDies', {
  file: 'port/server.ts', from: 'if (seen === -gone || (seen >= SERVING && by === gone)) depart(i, true)', to: 'if (seen === -gone) empty(i)\n    else if (seen >= SERVING && by === gone) depart(i, true)',
}, /lost wakeup: no thread can run: .*on reply/, { bound: 1 })

twin('who leaves makes the port an orphan though somebody has joined meanwhile', 'port-serve.relayed', {
  file: 'port/server.ts', from: 'cas(user, at + Port.life, life, -life) !== life) continue ', to: '(store(user, at + Port.life, -life), false)) continue ',
}, /somebody serves/, { bound: 2 })

twin('a life that does not count who joins', 'port-serve.relayed', {
  file: 'port/server.ts', from: 'Math.abs(life) % JOINS + 1)   // FRESH', to: '1)   // FRESH',
}, /somebody serves/, { bound: 3 })
