// The command `pthreads check`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { command, runProgram, type Ended } from '../program.ts'

const accounts = fileURLToPath(new URL('./fixtures/accounts.js', import.meta.url))
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

function check(...args: string[]): Promise<Ended> {
  return runProgram(command, { timeout: 60_000, args: ['check', ...args] })
}

test('a test of which no schedule fails: exit code 0, and what was explored', async () => {
  const { code, stdout, stderr } = await check(accounts, '--story', 'ordered')
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /accounts\.js: every schedule with at most 2 preemptions \(\d+ schedules, [\d,]+ steps, the longest \d+\): no failure\n$/)
  assert.equal(stderr, '')
})

test('a deadlock: exit code 1, the cycle, the schedule with the lines of the program, and how to replay it', async () => {
  const { code, stdout, stderr } = await check(accounts)
  assert.equal(code, 1, stdout + stderr)
  assert.match(stdout, /accounts\.js: deadlock: no thread can run: 2 sleep on mutex; alice waits for b, which bob holds, bob waits for a, which alice holds\n/)
  assert.match(stdout, /^ {2}alice sleeps on mutex \(b\.word\)$/m)
  assert.match(stdout, /^ {2}bob {4}cas b\.word 0 -> 1 +pthread\/mutex\.ts:\d+ {2}accounts\.(ts|js):\d+$/m)
  const [, seed] = /^replay: pthreads check \S+ --seed (\S+)$/m.exec(stdout)!
  const again = await check(accounts, '--seed', seed)
  assert.equal(again.code, 1)
  assert.equal(again.stdout.replace(/\d+ schedules? before/, ''), stdout.replace(/\d+ schedules? before/, ''))
})

test('a circle of errorcheck mutexes: the error, with the mutex by its name', async () => {
  const { code, stdout } = await check(accounts, '--story', 'checked')
  assert.equal(code, 1, stdout)
  assert.match(stdout, /error: (alice|bob): ErrnoError: EDEADLK: Mutex "[ab]"/)
})

test('a race that mutexes do not mend: the assertion of after', async () => {
  const { code, stdout } = await check(accounts, '--story', 'racy')
  assert.equal(code, 1, stdout)
  assert.match(stdout, /assertion: after: AssertionError/)
})

test('threads that are generators as fibers of two carriers: found, and replayed', async () => {
  const dinner = fileURLToPath(new URL('../lab/stories.js', import.meta.url)), options = ['--story', 'dine', '--model', 'm:n', '--carriers', '2', '--scheduler', 'fifo']
  const { code, stdout, stderr } = await check(dinner, ...options)
  assert.equal(code, 1, stdout + stderr)
  assert.match(stdout, /deadlock: no thread can run: 2 sleep on mutex; greedy waits for right, which contrary holds/)
  const [, again] = /^replay: pthreads check \S+ (.*)$/m.exec(stdout)!
  assert.match(again, /^--story dine --model m:n --carriers 2 --scheduler fifo --seed \S+$/)
  assert.equal((await check(dinner, ...again.split(' '))).code, 1)
})

test('the same seed gives the same run', async () => {
  const run = async (): Promise<string> => (await check(accounts, '--story', 'ordered', '--seed', '7', '--schedules', '300', '--bound', '9')).stdout
  assert.equal(await run(), await run())
})

test('a file with nothing to run: exit code 2, and why', async () => {
  for (const [args, reason] of [
    [['/nowhere.js'], /no such file/],
    [[fixture('plain.mjs')], /exports no array "threads"/],
    [[accounts, '--story', 'missing'], /its export "missing" is not/],
    [[accounts, '--seed', '!'], /seed: "!" is neither a number nor a schedule/],
    [[fixture('broken.mjs')], /./],
  ] as const) {
    const { code, stdout, stderr } = await check(...args)
    assert.equal(code, 2, stdout + stderr)
    assert.match(stderr, /^pthreads check: /)
    assert.match(stderr, reason)
    assert.equal(stdout, '')
  }
})
