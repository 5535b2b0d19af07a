// POSIX threads in C: each case is a function of c/cases.c, which checks what POSIX says and prints the line where it is otherwise.

import test from 'node:test'
import assert from 'node:assert/strict'
import { cases, run } from './programs.ts'

const GROUPS = {
  create: 'threads are created, joined, detached, with the stacks they ask for',
  errno: 'errno is each thread\'s own, whoever sets it',
  tls: 'thread-local variables begin anew in each thread, also on a Worker that ran another one',
  stacks: 'stacks of threads do not overlap, and are used again',
  mutex: 'mutexes of all types exclude, and return the errors of their type',
  robust: 'a robust mutex tells that its holder has ended',
  cond: 'conditions wake who waits, and time out on both clocks',
  others: 'read-write locks, barriers, spin locks and once work on the program\'s memory',
  sem: 'semaphores return -1 and errno, with a name and without',
  keys: 'destructors of keys run in rounds, in whatever Worker',
  cancel: 'a canceled thread runs its cleanup handlers, with the mutex locked again, and its locals intact',
  signals: 'handlers run in the thread that got the signal, with what was sent along',
  timers: 'clocks, sleeps and timers',
  malloc: 'malloc is safe from many threads',
} as const

for (const [name, sentence] of Object.entries(GROUPS)) {
  test(sentence, async () => {
    const { code, stdout, stderr, timedOut } = await run(cases, [name])
    assert.deepEqual({ code, stdout, stderr, timedOut }, { code: 0, stdout: '', stderr: '', timedOut: false })
  })
}

test('what several threads print is not torn', async () => {
  const { code, stdout } = await run(cases, ['print'])
  const lines = stdout.split('\n')
  assert.equal(code, 0)
  assert.equal(lines.pop(), '')
  assert.equal(new Set(lines).size, 900)
  for (const line of lines) assert.match(line, /^[abc]\d+:\.{64}$/)
})
