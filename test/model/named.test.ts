import { model, twin } from './model.ts'

model('of two that make a semaphore of the same name, one does, and both have the same', 'named.exclusive', { bound: 3, schedules: 4000, search: 3000 })
model('a name that is taken away: the last to close frees the semaphore', 'named.unlinked', { bound: 3, schedules: 4000, search: 3000 })

twin('a list of names that no lock guards', 'named.exclusive', {
  file: 'pthread/sem-open.ts', from: '  acquire(kernel, PROCESS + Process.nameLock, self.carrier)\n  try {\n    return f()\n  } finally {\n    release(kernel, PROCESS + Process.nameLock)\n  }',
  to: '  acquire(kernel, PROCESS + Process.nameLock, self.carrier)\n  release(kernel, PROCESS + Process.nameLock)\n  return f()',
}, /assertion: .*two have made it/)

twin('the last to close, and nobody frees', 'named.unlinked', {
  file: 'pthread/sem-open.ts', from: '    if (count === 1 && peek(user, node + linked) === 0) remove_locked(at)\n', to: '',
}, /assertion: after: .*is kept/)
