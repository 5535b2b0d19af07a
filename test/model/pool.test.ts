import { model, twin } from './model.ts'

model('a task that is posted is done, and the pool told', 'pool.posted', { bound: 3, schedules: 6000, search: 5000 })
model('a task that is posted while the thread naps is done, though nobody wakes it', 'pool.crowded', { bound: 3, schedules: 6000, search: 5000 })
model('a task that is called back while it may be taken is run once, or not at all', 'pool.calledBack', { bound: 3, schedules: 6000, search: 5000 })
model('a thread that is to be killed takes no other task', 'pool.aborted', { bound: 3, schedules: 6000, search: 5000 })

model('a lane whose maker and thread end at the same time is freed by one of them, and written to by nobody then', 'pool.abandoned',
  { bound: 3, schedules: 6000, search: 5000 })

twin('a task that is posted, and the thread is not woken', 'pool.posted', {
  file: 'pool/lane.ts', from: '  wake(user, lane + LaneRecord.tail, 1)\n  return false\n', to: '  return false\n',
}, /lost wakeup: no thread can run/, { bound: 2 })

twin('a thread that clears what says that the pool sleeps, though it has woken nobody', 'pool.aborted', {
  file: 'pool/lane.ts',
  from: 'if (sleep !== 0 && resume(user, pool + PoolRecord.answers) !== 0) cas(user, pool + PoolRecord.sleeping, sleep, 0)',
  to: `if (sleep !== 0) {
    store(user, pool + PoolRecord.sleeping, 0)
    resume(user, pool + PoolRecord.answers)
  }`,
}, /lost wakeup: no thread can run/, { bound: 3 })

twin('a thread that goes from its nap to sleep, and says that it naps still', 'pool.crowded', {
  file: 'pool/lane.ts', from: '    store(user, lane + LaneRecord.naps, 0)\n', to: '',
}, /lost wakeup: no thread can run/, { bound: 3 })

twin('a pool that looks whether the thread naps, and then posts', 'pool.crowded', {
  file: 'pool/lane.ts',
  from: `  store(user, lane + LaneRecord.tail, i + 1 | 0)
  if (load(user, lane + LaneRecord.naps) === 1) return true               // L6
`,
  to: `  const naps = load(user, lane + LaneRecord.naps) === 1
  store(user, lane + LaneRecord.tail, i + 1 | 0)
  if (naps) return true
`,
}, /lost wakeup: no thread can run/, { bound: 3 })

twin('a task that is called back without a compare', 'pool.calledBack', {
  file: 'pool/lane.ts',
  from: 'return cas(user, entryAt(lane, i) + EntryRecord.state, POSTED, REVOKED) === POSTED',
  to: 'return (store(user, entryAt(lane, i) + EntryRecord.state, REVOKED), true)',
}, /assertion|lost wakeup|no thread can run/, { bound: 3 })

twin('a thread that is to be killed, and goes on', 'pool.aborted', {
  file: 'pool/lane.ts', from: 'cas(user, word, ABORTING, DONE) === ABORTING', to: '(store(user, word, DONE), true)',
}, /assertion|lost wakeup|no thread can run/, { bound: 3 })

twin('a maker that posts the end when the lane may be gone', 'pool.abandoned', {
  file: 'pool/lane-end.ts',
  from: `    if (!this.leaving) this.postEnd()
    if (!orphan(this.at)) this.clear(f)`,
  to: `    const isLast = !orphan(this.at)
    if (!this.leaving) this.postEnd()
    if (isLast) this.clear(f)`,
}, /somebody has written to a lane that was free/, { bound: 3 })

twin('a thread that looks who has ended, and does not swap', 'pool.abandoned', {
  file: 'pool/lane.ts',
  from: 'if (cas(user, lane + LaneRecord.fate, LIVING, ENDED) === LIVING && !isGone) return',
  to: 'if (load(user, lane + LaneRecord.fate) === LIVING && !isGone) return store(user, lane + LaneRecord.fate, ENDED)',
}, /assertion|written|used/, { bound: 3 })
