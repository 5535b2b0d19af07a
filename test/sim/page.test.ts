// docs/SCHEDULERS.md: its program is one, and its figures are those of the simulator.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { simulate, type Model, type SimOptions } from '#internal/sim/index.js'
import { schedulerNamed } from '#internal/ult/schedulers.js'
import { command, root, runProgram } from '../program.ts'

const page = readFileSync(join(root, 'docs/SCHEDULERS.md'), 'utf8')

test('the scheduler on the page schedules', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'page-'))
  try {
    const [, program] = /```ts\n([^]*?)```/.exec(page)!
    await writeFile(join(folder, 'lifo.ts'), program)
    const { code, stdout, stderr } = await runProgram(command, { args: ['sim', 'fork-join', '--model', 'm:n', '--scheduler', join(folder, 'lifo.ts')] })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^fork and join of 16: {2}[1-9]/m)
  } finally {
    await rm(folder, { recursive: true })
  }
})

const rr = { name: 'rr', factory: schedulerNamed('rr') }
const figure = (workload: string, options: Partial<SimOptions>, of: (result: ReturnType<typeof simulate>) => string) =>
  (model: Model): string => of(simulate({ workload, model, cpus: 4, scheduler: rr, ...options }))
const whole = (n: number): string => Math.round(n).toLocaleString('en')
const withIo = (io: 'async' | 'blocking') => (model: Model): string =>
  model === '1:1' ? '' : figure('bursty-io', { io }, ({ throughput }) => whole(throughput))(model)

const ROWS: Readonly<Record<string, (model: Model) => string>> = {
  '`messaging`: a round trip': figure('messaging', { threads: 8 }, ({ latency }) => `${latency.p50.toFixed(1)} us`),
  '`cpu`: ms of work a second': figure('cpu', {}, ({ throughput }) => throughput.toFixed(0)),
  '`bursty-io`: packets a second': figure('bursty-io', {}, ({ throughput }) => whole(throughput)),
  'the same, `--io async`': withIo('async'),
  'the same, `--io blocking`': withIo('blocking'),
  '`lock-convoy`: the lock was held by a thread that did not run': figure('lock-convoy', {}, ({ stalled }) => `${stalled.toFixed(0)} of 500 ms`),
  'so with `--donate on`': figure('lock-convoy', { donate: true }, ({ stalled }) => `${stalled.toFixed(2)} ms`),
  '`lock-convoy`: critical sections a second': figure('lock-convoy', {}, ({ throughput }) => whole(throughput)),
  'these with `--donate on`': figure('lock-convoy', { donate: true }, ({ throughput }) => whole(throughput)),
  '`producer-consumer`: items a second': figure('producer-consumer', {}, ({ throughput }) => whole(throughput)),
  '`fork-join`: threads a second': figure('fork-join', {}, ({ throughput }) => whole(throughput * 16)),
}

for (const [title, of] of Object.entries(ROWS)) {
  test(`the page is right about ${title}`, () => {
    const expected = `| ${title} | ${(['1:1', 'm:1', 'm:n'] as const).map(of).join(' | ')} |`
    assert.ok(page.split('\n').includes(expected), `docs/SCHEDULERS.md should say: ${expected}`)
  })
}
