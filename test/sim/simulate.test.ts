// The simulator keeps its books, and does the same for the same seed.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { formatResult, parseCost, simulate, WORKLOADS, type SimOptions } from '#internal/sim/index.js'
import { guarded } from '#internal/sim/guard.js'
import type { Scheduler, Task } from '#internal/ult/scheduler.js'
import { schedulerNamed, schedulerOf } from '#internal/ult/schedulers.js'
import { root } from '../program.ts'

const named = (name: string): SimOptions['scheduler'] => ({ name, factory: guarded(schedulerNamed(name), name) })

const VARIANTS: Partial<SimOptions>[] = [
  { model: '1:1' }, { model: '1:1', donate: true }, { model: 'm:1' }, { model: 'm:1', io: 'blocking' }, { model: 'm:n' }, { model: 'm:n', carriers: 7, donate: true },
  { model: 'm:n', carriers: 9, io: 'blocking' }, { model: 'm:n', carriers: 3, io: 'async', migrate: true }, { model: 'm:n', cpus: 64, ms: 1 },
]

for (const workload of Object.keys(WORKLOADS)) {
  for (const scheduler of ['rr', 'fifo', 'fair']) {
    test(`${workload}, ${scheduler}: no cycle is lost or counted twice, and a seed decides everything`, () => {
      for (const variant of VARIANTS) {
        const options = { workload, model: 'm:n', ms: workload === 'lock-convoy' ? 60 : 4, seed: 7, ...variant, scheduler: named(scheduler) } as const
        const result = simulate(options), said = JSON.stringify(variant)
        const total = result.ms * 2.6e6 * result.cpus, sum = Object.values(result.cycles).reduce((a, b) => a + b, 0)
        // What was still owed at the end has been counted, and not been burnt.
        assert.ok(sum >= total * (1 - 1e-9) && sum <= total + result.cpus * 200_000, `${said}: ${sum} of ${total} cycles`)
        for (const { busy, useful } of result.use) assert.ok(useful >= 0 && useful <= busy && busy <= 1 + 1e-9, `${said}: ${useful}, ${busy}`)
        const ran = result.runtime.mean * result.threads, used = result.use.reduce((a, { busy }) => a + busy, 0) * result.ms
        assert.ok(ran <= used + 1e-6, `${said}: threads ran ${ran} ms, processors ${used}`)
        if (workload !== 'cpu') assert.ok(result.operations > 0, said)
        assert.deepEqual(simulate({ ...options, scheduler: named(scheduler) }), result, said)
      }
    })
  }
}

test('another seed is another run', () => {
  const [a, b] = [1, 2].map(seed => simulate({ workload: 'producer-consumer', model: '1:1', seed, scheduler: named('rr') }))
  assert.notDeepEqual(a.latency, b.latency)
})

test('a cost that is changed changes what it is a part of', () => {
  const run = (costs: SimOptions['costs']): number => simulate({ workload: 'messaging', model: '1:1', scheduler: named('rr'), costs }).latency.p50
  assert.ok(run({ 'kernel-switch': 30_000 }) > 5 * run({}))
})

test('under fair a hundred threads that compute all get the same, within a slice', () => {
  const { runtime } = simulate({ workload: 'cpu', model: 'm:1', cpus: 1, threads: 100, ms: 2000, scheduler: named('fair') })
  assert.ok(runtime.most - runtime.least <= 2, `${runtime.least} to ${runtime.most} ms`)
})

test('a scheduler hears the four upcalls, in an order that makes sense', () => {
  const heard: string[] = []
  const rr = schedulerNamed('rr')
  const factory = (): Scheduler => {
    const scheduler = rr()
    return Object.assign(scheduler, {
      started: (task: Task) => { heard.push(`started ${task.tid}`) },
      expired: (task: Task) => { heard.push(`expired ${task.tid}`) },
      blocked: (task: Task) => { heard.push(`blocked ${task.tid}`) },
      unblocked: (task: Task) => { heard.push(`unblocked ${task.tid}`) },
    })
  }
  simulate({ workload: 'bursty-io', model: 'm:1', cpus: 1, threads: 1, ms: 2, scheduler: { name: 'x', factory } })
  assert.deepEqual(heard.slice(0, 6), ['started 1', 'blocked 1', 'unblocked 1', 'started 1', 'blocked 1', 'unblocked 1'])
  heard.length = 0
  simulate({ workload: 'cpu', model: 'm:1', cpus: 1, threads: 2, ms: 50, scheduler: { name: 'x', factory } })
  assert.deepEqual(heard.slice(0, 5), ['started 1', 'expired 1', 'started 2', 'expired 2', 'started 1'])
})

test('the thread that a scheduler would rather give away is taken first', () => {
  const given: number[] = []
  const factory = (): Scheduler => {
    const scheduler = schedulerNamed('rr')(), held = new Set<Task>()
    const { enqueue, pick, remove } = scheduler
    return Object.assign(scheduler, {
      enqueue(task: Task, why: number, now: number) { held.add(task); enqueue.call(scheduler, task, why, now) },
      pick(now: number) { const task = pick.call(scheduler, now); if (task !== null) held.delete(task); return task },
      remove(task: Task) { if (held.delete(task)) given.push(task.tid); remove.call(scheduler, task) },
      victim: () => [...held].at(-1) ?? null,
    })
  }
  simulate({ workload: 'fork-join', model: 'm:n', cpus: 2, threads: 1, ms: 1, scheduler: { name: 'x', factory } })
  assert.equal(given[0], Math.max(...given.slice(0, 8)), 'the youngest')
})

test('the example of a scheduler obeys the rules in every workload, and lets those that compute go on for longer and longer', async () => {
  const file = join(root, 'build/examples/feedback-scheduler.js')
  const factory = guarded(schedulerOf(await import(pathToFileURL(file).href) as Record<string, unknown>, file), file)
  for (const workload of Object.keys(WORKLOADS)) {
    for (const variant of VARIANTS) assert.ok(simulate({ workload, model: 'm:n', ms: 5, ...variant, scheduler: { name: 'feedback', factory } }).counts.threads > 0)
  }
  const { counts, ms } = simulate({ workload: 'cpu', model: 'm:1', cpus: 1, threads: 4, scheduler: { name: 'feedback', factory } })
  assert.equal(counts['expired slices'], 4 + 4 + Math.floor((ms - 4 * (1 + 4)) / 16), 'each once for 1 ms, once for 4 ms, then for 16')
})

test('a scheduler that breaks a rule is told which', () => {
  const broken = (change: (scheduler: Scheduler) => object): () => void => () => {
    const factory = (): Scheduler => {
      const scheduler = schedulerNamed('rr')()
      return Object.assign(scheduler, change(scheduler))
    }
    simulate({ workload: 'cpu', model: 'm:1', cpus: 1, scheduler: { name: 'mine.ts', factory: guarded(factory, 'mine.ts') } })
  }
  assert.throws(broken(() => ({ pick: () => null })), { name: 'TypeError', message: 'mine.ts: after pick, it gave out nobody, but holds 4' })
  assert.throws(broken(() => ({ enqueue() {} })), /mine\.ts: after enqueue of tid 1, runnable is 0, but it holds 1/)
  assert.throws(broken(() => ({ slice: () => NaN })), /mine\.ts: after slice of tid 1, it is NaN, not a number of ms/)
  assert.throws(broken(() => ({ pick: () => ({ tid: 99 }) })), /mine\.ts: after pick, it gave out tid 99, which it does not hold/)
  assert.throws(broken(() => ({ pick: () => undefined })), /mine\.ts: after pick, it gave out undefined, which it does not hold/)
})

test('what makes no sense is refused', () => {
  const of = (options: Partial<SimOptions>) => () => simulate({ workload: 'cpu', model: '1:1', scheduler: named('rr'), ...options })
  assert.throws(of({ workload: 'life' }), { name: 'RangeError', message: /^no workload "life": messaging, cpu, / })
  assert.throws(of({ carriers: 3 }), /1:1 has no carriers: a number of them is for m:n/)
  assert.throws(of({ model: 'm:1', carriers: 2 }), /m:1 has one carrier/)
  assert.throws(of({ io: 'upcalls' }), /under 1:1 a call that blocks is just that/)
  assert.throws(() => parseCost('miss'), /"miss" is no cost: write name=cycles, as miss=470/)
  assert.throws(() => parseCost('luck=7'), /no cost "luck": syscall, user-switch, /)
  assert.deepEqual(parseCost('miss=300'), ['miss', 300])
})

test('a result for people says what was simulated, what came of it, and where the cycles went', () => {
  const text = formatResult(simulate({ workload: 'messaging', model: 'm:n', cpus: 64, ms: 1, scheduler: named('fair') }))
  assert.match(text, /^messaging: pairs that send a small message to and fro\n256 threads, 64 processors, m:n on 64 carriers, fair, I\/O upcalls, 1 ms, seed 1\n/)
  assert.match(text, /^round trip: {2}[\d,]+, [\d,]+ a second$/m)
  assert.match(text, /^latency: {2}mean [\d.]+ us {2}p50 [\d.]+ us/m)
  assert.match(text, /^ {2}user-switch +[\d.]+ % +█+ +from one user-level thread to the next/m)
  assert.match(text, /^ {2}60-63 +\d+ % +\d+ % {2}█+▒+·*$/m)
})
