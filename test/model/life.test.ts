import { model, twin } from './model.ts'

model('create, run, exit, join', 'life.joined', { bound: 2, schedules: 8000, search: 7000 })
model('who joins and creates again finds the carrier in the cache', 'life.reused', { bound: 1, schedules: 4000, search: 3500 })
model('a thread that is detached while it ends gives up its record once', 'life.detached', { bound: 2, schedules: 8000, search: 7000 })
model('two creators, two carriers', 'life.crowd', { bound: 1, schedules: 4000, search: 3000 })

twin('an exit that wakes nobody', 'life.joined', {
  file: 'kernel/exit.ts', from: '  wake(kernel, t + ThreadRecord.exit, Infinity)\n', to: '',
}, /lost wakeup: no thread can run: 1 sleeps on join/)

twin('an exit word cleared before the result is known', 'life.joined', {
  file: 'kernel/exit.ts', from: '  poke(kernel, t + ThreadRecord.status, status)\n  acquire', to: '  store(kernel, t + ThreadRecord.exit, 0)\n  load(kernel, t + ThreadRecord.exit)\n  poke(kernel, t + ThreadRecord.status, status)\n  acquire',
}, /assertion|error/)

twin('a carrier that enters the cache after the exit word was cleared', 'life.reused', {
  file: 'kernel/exit.ts', from: '  park_locked(reusable)\n  const detached = finish_locked(slot)', to: '  const detached = finish_locked(slot)\n  release(kernel, PROCESS + Process.tableLock)\n  acquire(kernel, PROCESS + Process.tableLock, self.carrier)\n  park_locked(reusable)',
}, /assertion: twice: .*create: -11/)

twin('an assignment that stores the job, and does not look who sleeps', 'life.joined', {
  file: 'kernel/carrier.ts', from: 'if (exchange(kernel, job, slot) === ASLEEP) resume(kernel, job, 1)', to: 'if (load(kernel, job) === ASLEEP) resume(kernel, job, 1)\n  store(kernel, job, slot)',
}, /lost wakeup: no thread can run/)
