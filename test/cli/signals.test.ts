// Signals of the operating system under `pthreads run`, and default actions.

import test from 'node:test'
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { command, runProgram, type Ended } from '../program.ts'

const program = fileURLToPath(new URL('./fixtures/signals.mjs', import.meta.url))
const library = fileURLToPath(new URL('./fixtures/os-signals.mjs', import.meta.url))

type Name = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGUSR2' | 'SIGUSR1' | 'SIGABRT' | 'SIGALRM' | 'SIGQUIT' | 'SIGKILL' | 'SIGWINCH' | 'SIGCHLD'

function run(name: string, signal: Name, sends = false): Promise<Ended> {
  return runProgram(command, {
    args: ['run', program, '--', name, String(constants.signals[signal])], timeout: 60_000,
    ...sends && { started: child => void child.stdout!.once('data', () => child.kill(signal)) },
  })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) {
  test(`${signal} with a handler runs the handler, in a main that is blocked`, async () => {
    const { code, stdout, stderr } = await run('catches', signal, true)
    assert.deepEqual([code, stdout, stderr], [5, `ready\ncaught ${constants.signals[signal]}\n`, ''])
  })
}

test('a signal that a thread waits for in sigwait is taken there', async () => {
  const { code, stdout, stderr } = await run('waits', 'SIGTERM', true)
  assert.deepEqual([code, stdout, stderr], [6, 'ready\ntook 15\n', ''])
})

test('a signal of the process goes to another thread when the first one has exited', async () => {
  const { stdout, stderr } = await run('firstExits', 'SIGUSR2', true)
  assert.equal(stdout, 'ready\ncaught 12\n', stderr)
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGABRT', 'SIGALRM', 'SIGUSR2', 'SIGKILL'] as const) {
  test(`the default action of ${signal} ends the process, and its parent sees the signal`, async () => {
    for (const name of ['raises', 'threadKills']) {
      const ended = await run(name, signal)
      assert.deepEqual([ended.signal, ended.timedOut], [signal, false], ended.stderr)
      assert.match(ended.stdout, /^before\n/)
    }
  })
}

test('the default action of SIGUSR1, which is Node\'s debugger\'s, ends the process too, as by SIGTERM', async () => {
  assert.equal((await run('raises', 'SIGUSR1')).signal, 'SIGTERM')
})

for (const signal of ['SIGCHLD', 'SIGWINCH'] as const) {
  test(`the default action of ${signal} is to ignore it`, async () => {
    const { code, stdout } = await run('raises', signal)
    assert.deepEqual([code, stdout], [0, 'before\nafter\n'])
  })
}

test('a signal that is blocked does not end the process', async () => {
  const { code, stdout } = await run('blocked', 'SIGTERM')
  assert.deepEqual([code, stdout], [8, 'after\n'])
})

test('the library alone: configure({ osSignals: true }) lets them in', async () => {
  const ended = await runProgram(library, { args: ['on'], started: child => void child.stdout!.once('data', () => child.kill('SIGUSR2')) })
  assert.deepEqual([ended.code, ended.stdout], [0, 'ready\ncaught 12\n'], ended.stderr)
})

test('without it they have their default action', async () => {
  const ended = await runProgram(library, { args: ['off'], started: child => void child.stdout!.once('data', () => child.kill('SIGUSR2')) })
  assert.deepEqual([ended.signal, ended.stdout], ['SIGUSR2', 'ready\n'], ended.stderr)
})
