import { model, twin } from './model.ts'

model('a message is not lost: every interleaving', 'port.single', { bound: Infinity, schedules: 60_000, search: 60_000 })
model('a sender that finds the port full goes on when one was taken', 'port.full', { bound: 2, schedules: 6000, search: 5000 })
model('a sender that waits for half of a port goes on when less than that is taken', 'port.pause', { bound: 2, schedules: 6000, search: 5000 })
model('two senders: nothing is lost, nothing comes twice', 'port.senders', { bound: 2, schedules: 6000, search: 5000 })
model('two servers: each message goes to one of them', 'port.servers', { bound: 2, schedules: 6000, search: 5000 })
model('a question gets its answer', 'port.asked', { bound: 2, schedules: 8000, search: 7000 })
model('two ask, one answers', 'port.askedTwice', { bound: 1, schedules: 5000, search: 4500 })
model('a question that is given up, while it is taken or answered, is freed once', 'port.timed', { bound: 2, schedules: 6000, search: 5000 })
model('close: what was sent before is taken, what comes after is refused, and all are told', 'port.closed', { bound: 2, schedules: 6000, search: 5000 })
model('the last server leaves: what it has not taken is refused', 'port.left', { bound: 2, schedules: 6000, search: 5000 })
model('one server leaves and another one joins: who asks is answered or refused', 'port.followed', { bound: 1, schedules: 5000, search: 4500 })
model('a sender dies at any step: the queue is whole', 'port.senderDies', { bound: 1, schedules: 2500, search: 2500 })
model('the server dies at any step: who asks is told', 'port.serverDies', { bound: 1, schedules: 2500, search: 2500 })
model('who asks dies at any step: others are answered', 'port.callerDies', { bound: 1, schedules: 2500, search: 2500 })

twin('a message that is entered, and nobody is woken', 'port.single', {
  file: 'port/port.ts', from: '    wake(user, at + Port.tail, 1)\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on port/)

twin('a server that looks at tail after it has looked for a message', 'port.single', {
  file: 'port/port.ts',
  from: '    const epoch = losses(), seen = load(user, at + Port.tail)             // queue.ts, I5\n    const n = takeFirst(at, tid, true)\n',
  to: '    const n = takeFirst(at, tid, true)\n    const epoch = losses(), seen = load(user, at + Port.tail)\n',
}, /lost wakeup: no thread can run: 1 sleeps on port/)

twin('a sender that looks at head after it has found the port full', 'port.full', {
  file: 'port/port.ts',
  from: '    const epoch = losses(), seen = load(user, at + Port.head)             // queue.ts, I5\n    const result = tryPost(at, n)\n',
  to: '    const result = tryPost(at, n)\n    const epoch = losses(), seen = load(user, at + Port.head)\n',
}, /lost wakeup: no thread can run: .* on port/, { bound: 2 })

twin('a cell that is written without a compare', 'port.senders', {
  file: 'port/queue.ts', from: 'if (cas(user, cell, seen, lap << 16 | n) !== seen) continue', to: 'cas(user, cell, load(user, cell), lap << 16 | n)',
}, /lost wakeup|assertion/, { bound: 2 })

twin('a message that is taken without a compare', 'port.servers', {
  file: 'port/message.ts', from: 'if (cas(kernel, r + state, seen, served(self.carrier)) !== seen) continue', to: 'store(kernel, r + state, served(self.carrier))',
}, /assertion|error|lost wakeup/, { bound: 2 })

twin('an answer that wakes nobody', 'port.asked', {
  file: 'port/message.ts', from: '  if (!isReaper) wake(kernel, word, 1) ', to: '  if (isReaper) wake(kernel, word, 1) ',
}, /lost wakeup: no thread can run: 1 sleeps on reply/)

twin('an answer that is stored over ABANDONED', 'port.timed', {
  file: 'port/message.ts', from: 'cas(kernel, word, served(carrier), positive(DONE, n)) !== served(carrier)', to: '(store(kernel, word, positive(DONE, n)), false)',
}, /error|assertion/, { bound: 2 })

twin('a port that is closed, and whoever waits is not told to look again', 'port.closed', {
  file: 'port/server.ts', from: 'function alert(at: Address): void {\n  countLoss()\n', to: 'function alert(at: Address): void {\n',
}, /lost wakeup: no thread can run: 1 sleeps on port/, { bound: 2 })

twin('a sender that does not look whether the last server has left', 'port.left', {
  file: 'port/port.ts', from: '    if (isOrphaned(at)) drain(at)                                         // server.ts, I3\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on reply/, { bound: 2 })

twin('a server that leaves, and leaves what is in the port', 'port.left', {
  file: 'port/server.ts', from: '    return drain(at, isReaper)\n', to: '    return\n',
}, /lost wakeup: no thread can run: 1 sleeps on reply/, { bound: 2 })

twin('a reaper that forgets the messages of a dead server', 'port.serverDies', {
  file: 'port/end.ts', from: '  sweepMessages(n, 0, { status: Answer.DIED, reason, code }, true)\n', to: '',
}, /lost wakeup: no thread can run: .*1 sleeps on reply/, { bound: 1 })

twin('a reaper that forgets the ports of a dead server', 'port.serverDies', {
  file: 'port/end.ts', from: '  sweepServers(n)\n', to: '',
}, /lost wakeup: no thread can run: .*1 sleeps on reply|assertion/, { bound: 1 })

twin('an entry that its sender alone passes with tail', 'port.senderDies', {
  file: 'port/queue.ts', from: '      cas(user, at + tail, t, t + 1 | 0)                                  // I1: for who has entered it\n', to: '',
}, /livelock|no thread can run|bound/, { bound: 1 })

twin('a sender that waits for half of a port, however long that takes', 'port.pause', {
  file: 'port/port.ts', from: 'Math.min(until, now(clock) + PAUSE)', to: 'until',
}, /no thread can run: .*on port/, { bound: 1 })

twin('a sender that looks at head after it has paused', 'port.pause', {
  file: 'port/port.ts', from: '  yield* pause(at, until, clock)\n  const isLate', to: '  yield* pause(at, until, clock)\n  seen = load(user, at + Port.head)\n  const isLate',
}, /no thread can run: .*on port/, { bound: 1 })
