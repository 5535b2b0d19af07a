// What the talk on threading models found, found again: each test is one of its claims.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate, type SimOptions, type SimResult } from '#internal/sim/index.js'
import { schedulerNamed } from '#internal/ult/schedulers.js'

function sim(workload: string, model: SimOptions['model'], { scheduler = 'rr', ...options }: Partial<Omit<SimOptions, 'scheduler'>> & { scheduler?: string } = {}): SimResult {
  return simulate({ workload, model, ...options, scheduler: { name: scheduler, factory: schedulerNamed(scheduler) } })
}

for (const scheduler of ['rr', 'fifo', 'fair']) {
  for (const cpus of [1, 2, 4, 16]) {
    test(`${scheduler}, ${cpus} processors: user-level switches win the ping-pong by microseconds`, () => {
      const pairs = { cpus, scheduler, threads: 2 * cpus }
      const kernel = sim('messaging', '1:1', pairs), user = sim('messaging', 'm:n', pairs)
      assert.ok(kernel.latency.p50 - user.latency.p50 >= 2, `${kernel.latency.p50} us and ${user.latency.p50} us`)
      assert.ok(user.throughput >= 3 * kernel.throughput, `${user.throughput} and ${kernel.throughput}`)
    })
  }

  test(`${scheduler}: CPU-bound work gains nothing`, () => {
    const kernel = sim('cpu', '1:1', { scheduler }), user = sim('cpu', 'm:n', { scheduler })
    assert.ok(Math.abs(user.throughput / kernel.throughput - 1) < 0.01, `${user.throughput} and ${kernel.throughput}`)
    for (const { useful } of [...kernel.use, ...user.use]) assert.ok(useful > 0.99)
  })

  test(`${scheduler}: upcalls lose on bursts of I/O`, () => {
    const kernel = sim('bursty-io', '1:1', { scheduler }), user = sim('bursty-io', 'm:n', { scheduler })
    assert.ok(user.throughput < 0.9 * kernel.throughput, `${user.throughput} and ${kernel.throughput}`)
    assert.ok(user.latency.p50 > kernel.latency.p50, `${user.latency.p50} us and ${kernel.latency.p50} us`)
    assert.ok(user.cycles.upcall > user.cycles['user-switch'], 'that is where the time goes')
    assert.equal(user.counts.upcalls >= 2 * user.operations, true, 'one when it blocks, and one when it may go on')
  })

  test(`${scheduler}: M:1 cannot use the second processor`, () => {
    const on = (model: SimOptions['model'], cpus: number): SimResult => sim('cpu', model, { scheduler, cpus, threads: 8 })
    const one = on('m:1', 1), two = on('m:1', 2), both = on('m:n', 2)
    assert.equal(two.throughput, one.throughput)
    assert.deepEqual(two.use[1], { busy: 0, useful: 0 })
    assert.ok(both.throughput > 1.9 * two.throughput, `${both.throughput} and ${two.throughput}`)
  })
}

test('upcalls cost what they cost: free ones win back what they lost', () => {
  const dear = sim('bursty-io', 'm:n'), free = sim('bursty-io', 'm:n', { costs: { upcall: 0 } })
  assert.ok(free.throughput > 1.3 * dear.throughput, `${free.throughput} and ${dear.throughput}`)
})

for (const model of ['1:1', 'm:1', 'm:n'] as const) {
  test(`${model}: the preemption of a lock's holder stalls all who wait, and donation heals it`, () => {
    const stalled = sim('lock-convoy', model), healed = sim('lock-convoy', model, { donate: true })
    assert.ok(stalled.stalled > 50, `the lock was held by a preempted thread for ${stalled.stalled} of ${stalled.ms} ms`)
    assert.ok(healed.stalled < 0.01 * stalled.stalled, `${healed.stalled} ms with donation`)
    assert.ok(healed.throughput > 1.2 * stalled.throughput, `${healed.throughput} and ${stalled.throughput}`)
    assert.ok(healed.counts.donations > 0)
    assert.equal(stalled.counts.donations, 0)
  })
}

test('a kernel that takes the processor from a carrier stops the holder of a lock, and no user scheduler knows', () => {
  const alone = sim('lock-convoy', 'm:n', { carriers: 4, donate: true }), crowded = sim('lock-convoy', 'm:n', { carriers: 8, donate: true })
  assert.ok(crowded.stalled > 20 * alone.stalled + 10, `${crowded.stalled} and ${alone.stalled} ms`)
  assert.ok(crowded.counts['kernel switches'] > 0)
})

test('a call that blocks stops all of M:1; made asynchronous, it stops its thread only, at the price of the conversion', () => {
  const blocking = sim('bursty-io', 'm:1', { cpus: 1, io: 'blocking' }), async = sim('bursty-io', 'm:1', { cpus: 1 }), kernel = sim('bursty-io', '1:1', { cpus: 1 })
  assert.ok(async.throughput > 5 * blocking.throughput, `${async.throughput} and ${blocking.throughput}`)
  assert.ok(async.cycles.syscall > 2 * kernel.cycles.syscall)
})

test('threads that live for microseconds are cheaper in user space', () => {
  const kernel = sim('fork-join', '1:1'), user = sim('fork-join', 'm:n')
  assert.ok(user.throughput > 1.3 * kernel.throughput, `${user.throughput} and ${kernel.throughput}`)
  assert.ok(kernel.cycles['page-table'] > 0, 'a kernel thread\'s stack has to be forgotten everywhere')
  assert.equal(user.cycles['page-table'], 0)
})

test('idle carriers take unstarted threads from the one that has them', () => {
  const one = sim('fork-join', 'm:n', { cpus: 4, threads: 1 }), alone = sim('fork-join', 'm:1', { cpus: 4, threads: 1 })
  assert.ok(one.counts.steals > 0)
  assert.ok(one.throughput > 1.5 * alone.throughput, `${one.throughput} and ${alone.throughput}`)
})
