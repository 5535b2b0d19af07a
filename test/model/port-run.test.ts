// Runs: integers that are added to the sender's last message of a port.

import { model, twin } from './model.ts'

model('two integers make a run: nothing is lost', 'port.run', { bound: 4, schedules: 30_000, search: 30_000 })
model('a run that goes on while it is taken', 'port.longRun', { bound: 2, schedules: 8000, search: 8000 })
model('a run that finds the port full goes on when one was taken', 'port.fullRun', { bound: 2, schedules: 8000, search: 7000 })
model('two senders, each with runs: nothing is lost, each in order', 'port.runs', { bound: 2, schedules: 8000, search: 7000 })
model('two senders with runs find the port full in turn', 'port.fullRuns', { bound: 2, schedules: 8000, search: 7000 })
model('a message that is no integer stands where it was sent, between two runs', 'port.between', { bound: 2, schedules: 8000, search: 7000 })
model('two servers share a run: each message goes to one of them', 'port.sharedRun', { bound: 2, schedules: 8000, search: 7000 })
model('who was told of a message sends after it', 'port.toldOf', { bound: 2, schedules: 4000, search: 4000 })
model('close: a run ends there', 'port.closedRun', { bound: 2, schedules: 8000, search: 7000 })
model('close: who has a run in the port and waits for room is told', 'port.closedFull', { bound: 3, schedules: 8000, search: 7000 })
model('the last server leaves: what is added to a run after that is refused', 'port.leftRun', { bound: 2, schedules: 8000, search: 7000 })
model('short values make a run: each comes once, in order', 'port.values', { bound: 2, schedules: 8000, search: 7000 })
model('an integer among short values comes in its turn', 'port.mixed', { bound: 2, schedules: 8000, search: 7000 })
model('two servers share a run of values', 'port.sharedValues', { bound: 2, schedules: 8000, search: 7000 })
model('a run of values whose record is used again while a server looks at it', 'port.reused', { bound: 2, schedules: 8000, search: 7000 })
model('the sender of a run dies at any step: the queue is whole', 'port.runSenderDies', { bound: 1, schedules: 2500, search: 2500 })
model('the server dies at any step of a run: the sender is refused, nothing is left', 'port.runServerDies', { bound: 1, schedules: 2500, search: 2500 })

twin('a server that sleeps and leaves the run open', 'port.run', {
  file: 'port/port.ts', from: 'const n = takeFirst(at, tid, true)', to: 'const n = takeFirst(at, tid, false)',
}, /lost wakeup: no thread can run: 1 sleeps on port/)

twin('a body that is added without a compare', 'port.run', {
  file: 'port/queue.ts', from: '  if (cas(kernel, r + filled, f, f + 1) !== f) return OVER ', to: '  poke(kernel, r + filled, f + 1) ',
}, /lost wakeup|livelock|assertion/, { bound: 3 })

twin('an entry behind a run that is open still', 'port.toldOf', {
  file: 'port/queue.ts', from: 'if ((f & CLOSED) === 0 && cas(kernel, r + filled, f, f | CLOSED) !== f) return false', to: 'cas(kernel, r + filled, f, f)',
}, /lost wakeup|livelock|assertion|bound/, { bound: 2 })

twin('a body that is taken without a compare', 'port.sharedRun', {
  file: 'port/queue.ts', from: '  return cas(user, at + head, h, h + 1 | 0) === h', to: '  return (poke(user, at + head, h + 1 | 0), true)',
}, /lost wakeup|livelock|assertion/, { bound: 2 })

twin('a server that empties the port and leaves the run open', 'port.leftRun', {
  file: 'port/server.ts', from: 'takeFirst(at, self.tid, true)', to: 'takeFirst(at, self.tid, false)',
}, /assertion|lost wakeup/, { bound: 2 })

twin('a reaper that forgets the runs of a dead sender', 'port.runSenderDies', {
  file: 'port/message.ts', from: 'if (isReaper && peek(kernel, r + MessageRecord.caller) === carrier && release(n, false)) free(n)', to: '',
}, /assertion|bound|livelock/, { bound: 1 })

twin('a value that is copied after it was taken', 'port.reused', {
  file: 'port/message.ts', from: '  taken.length = hasValues ? body : 0\n', to: '  taken.length = hasValues ? (load(kernel, r + state), copy(r, seek(r, j))) : 0\n',
}, /assertion|error|livelock/, { bound: 2 })

twin('a sender that finds its run full, and not that it was closed', 'port.closedFull', {
  file: 'port/queue.ts', from: 'return load(kernel, r + filled) === f ? FULL : OVER ', to: 'return FULL ',
}, /lost wakeup: no thread can run: 1 sleeps on port/, { bound: 2 })

twin('the next value of a run that is taken without a compare', 'port.sharedValues', {
  file: 'port/run.ts', from: 'if (length === 0 || !take(port, h)) return false ', to: 'if (length === 0 || (take(port, h), false)) return false ',
}, /assertion|error|livelock|lost wakeup/, { bound: 2 })
