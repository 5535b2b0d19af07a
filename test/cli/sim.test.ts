// The command `pthreads sim`.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, root, runProgram, type Ended } from '../program.ts'

function sim(...args: string[]): Promise<Ended> {
  return runProgram(command, { timeout: 60_000, args: ['sim', ...args] })
}

test('a workload, a table', async () => {
  const { code, stdout, stderr } = await sim('messaging', '--model', 'm:n', '--cpus', '64', '--ms', '1', '--scheduler', 'fair')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^messaging: .*\n256 threads, 64 processors, m:n on 64 carriers, fair/)
  assert.equal(stderr, '', 'no progress where nobody looks')
})

test('--json: the same as an object, and every option says what it did', async () => {
  const { code, stdout } = await sim('lock-convoy', '--model', 'm:n', '--cpus', '3', '--carriers', '2', '--threads', '9', '--ms', '30', '--seed', '5', '--io', 'async',
    '--donate', 'on', '--migrate', 'on', '--cost', 'miss=1', 'syscall=2', '--scheduler', 'fifo', '--json')
  assert.equal(code, 0)
  const { use, costs, cycles: _cycles, ...rest } = JSON.parse(stdout) as Record<string, unknown> & { use: object[], costs: Record<string, number> }
  assert.deepEqual([rest.workload, rest.model, rest.cpus, rest.carriers, rest.threads, rest.ms, rest.seed, rest.io, rest.donate, rest.migrate, rest.scheduler],
    ['lock-convoy', 'm:n', 3, 2, 9, 30, 5, 'async', true, true, 'fifo'])
  assert.equal(use.length, 3)
  assert.deepEqual([costs.miss, costs.syscall, costs.l3], [1, 2, 14])
})

test('a scheduler of one\'s own: the example, in TypeScript', async () => {
  const { code, stdout, stderr } = await sim('bursty-io', '--model', 'm:n', '--ms', '5', '--scheduler', join(root, 'examples/feedback-scheduler.ts'))
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^packet: {2}[1-9]/m)
})

test('what cannot be simulated: exit code 2, and a line that says why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sim-'))
  try {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    for (const [args, reason] of [
      [['--scheduler', 'lottery'], /^pthreads sim: no scheduler "lottery": rr, fifo, fair, or a file such as \.\/mine\.ts\n$/],
      [['--scheduler', './nowhere.mjs'], /^pthreads sim: \.\/nowhere\.mjs: .*nowhere\.mjs/],
      [['--scheduler', file('empty.mjs', 'export const x = 1\n')], /empty\.mjs: no scheduler: export a function that makes one, as default or as scheduler; the exports are x\n$/],
      [['--scheduler', file('part.mjs', 'export default () => ({ name: "part", runnable: 0 })\n')], /part\.mjs: no scheduler: enqueue is missing, not a function;/],
      [['--cost', 'miss'], /"miss" is no cost/],
      [['--cost', 'luck=7'], /no cost "luck"/],
      [['--model', '1:1', '--carriers', '2'], /1:1 has no carriers/],
    ] as const) {
      const { code, stdout, stderr } = await sim('cpu', ...args)
      assert.deepEqual([code, stdout], [2, ''], stderr)
      assert.match(stderr, reason)
      assert.equal(stderr.split('\n').length, 2, stderr)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('words that are no options: the command says which there are', async () => {
  for (const [args, reason] of [
    [['life'], /argument value 'life' is invalid.*messaging, cpu, bursty-io/], [['cpu', '--model', '2:2'], /Allowed choices are 1:1, m:1, m:n/],
    [['cpu', '--cpus', '0'], /not a whole number from 1 to 4096/], [['cpu', '--donate', 'maybe'], /Allowed choices are on, off/],
  ] as const) {
    const { code, stderr } = await sim(...args)
    assert.equal(code, 1)
    assert.match(stderr, reason)
  }
})

test('--help names the workloads, and each cost with its default and where it comes from', async () => {
  const { code, stdout } = await sim('--help')
  assert.equal(code, 0)
  for (const pattern of [/lock-convoy/, /--donate/, /^ {2}miss +470 {2}a cache line that another processor wrote \(the talk\)$/m, /^ {2}page-table +1040 /m]) assert.match(stdout, pattern)
})

for (const model of ['1:1', 'm:1', 'm:n']) {
  test(`--measure: the same case on this machine, ${model}, beside the simulated one`, async () => {
    for (const workload of ['messaging', 'cpu', 'producer-consumer', 'fork-join']) {
      const { code, stdout, stderr } = await sim(workload, '--model', model, '--threads', '2', '--ms', '300', '--measure', '--json')
      assert.equal(code, 0, stderr)
      const { operations, measured } = JSON.parse(stdout) as { operations: number, measured: { operations: number, p50: number } }
      assert.ok(operations > 0, stdout)
      // Sixteen Workers may take longer to start than this test runs.
      if (workload !== 'fork-join') assert.ok(measured.operations > 0 && measured.p50 > 0, stdout)
      else assert.ok(measured.operations >= 0, stdout)
    }
  })
}

test('--measure shows both, and says what it cannot measure', async () => {
  const { code, stdout, stderr } = await sim('cpu', '--cpus', '1', '--threads', '1', '--measure')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^ +simulated +measured here\n {2}a second +[\d,]+ +[\d,]+\n {2}latency p50 +[\d.]+ us +[\d.]+ us\n/m)
  for (const [args, reason] of [
    [['lock-convoy'], /^pthreads sim: --measure lock-convoy: user-level threads in JavaScript are not preempted/], [['cpu', '--cpus', '4096', '--ms', '1'], /this machine has \d+ processors, not 4096/],
    [['cpu', '--threads', '65', '--ms', '1'], /65 threads would be 65 Workers/],
  ] as const) {
    const refused = await sim(...args, '--measure')
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, reason)
  }
})
