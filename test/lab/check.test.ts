// What the lab finds in stories made for it, and that it keeps its word: same seed, same steps.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as labAtomics from '#internal/lab/atomics.js'
import { readSchedule } from '#internal/lab/strategy.js'
import * as atomics from '#internal/mem/atomics.js'
import { check, formatResult, StoryError, type CheckOptions, type CheckResult } from 'pthreads/lab'

const file = new URL('./stories.js', import.meta.url)
const explore = (story: string, options: CheckOptions = {}): Promise<CheckResult> => check(file, { story, ...options })

test('the lab\'s atomics export what the real ones do', () => {
  assert.deepEqual(Object.keys(atomics).filter(name => !(name in labAtomics)), [])
})

test('a thread that waits for what nobody does: lost wakeup', async () => {
  const { finding, replayed } = await explore('forgotten')
  assert.equal(finding?.verdict, 'lost wakeup')
  assert.equal(finding.summary, 'no thread can run: 1 sleeps on semaphore')
  assert.deepEqual(finding.threads, ['waits sleeps on semaphore (sem.value)', 'forgets has ended'])
  assert.ok(replayed)
})

test('a promise that nobody settles: lost wakeup, by what it waits for', async () => {
  const { finding, replayed } = await explore('promised')
  assert.equal(finding?.verdict, 'lost wakeup')
  assert.equal(finding.summary, 'no thread can run: 1 sleeps on semaphore')
  assert.deepEqual(finding.threads, ['awaits sleeps on semaphore (sem.value)', 'forgets has ended'])
  assert.ok(replayed)
})

test('a thread that polls for what nobody does: livelock', async () => {
  const { finding } = await explore('polls')
  assert.equal(finding?.verdict, 'livelock')
})

test('two that make way for each other for ever: livelock', async () => {
  const { finding } = await explore('polite', { steps: 3000 })
  assert.equal(finding?.verdict, 'livelock')
})

test('polling for what another thread does ends', async () => {
  assert.equal((await explore('polled')).ok, true)
})

test('threads that are generators are run: their deadlock is found, and none where there is none', async () => {
  const { finding, replayed } = await explore('dine')
  assert.equal(finding?.verdict, 'deadlock')
  assert.match(finding.threads.join('\n'), /greedy sleeps on mutex \(right.word\)\ncontrary sleeps on mutex \(left.word\)/)
  assert.ok(replayed)
  assert.equal((await explore('dined')).ok, true)
})

for (const [model, carriers] of [['m:1', 1], ['m:n', 2]] as const) {
  test(`the same as fibers, ${model}: reports name them, and their carriers`, async () => {
    const { finding, replayed } = await explore('dine', { model })
    assert.equal(finding?.verdict, 'deadlock')
    assert.match(finding.summary, /^no thread can run: 2 sleep on mutex; greedy waits for right, which contrary holds, contrary waits for left, which greedy holds$/)
    assert.deepEqual(finding.threads.slice(carriers), ['greedy sleeps on mutex (right.word)', 'contrary sleeps on mutex (left.word)'])
    assert.match(finding.threads.slice(0, carriers).join('\n'), /^carrier 1 sleeps on /)
    assert.ok(replayed)
    assert.equal((await explore('dined', { model, schedules: 500 })).ok, true)
  })
}

test('a fiber that fails is named, and so is what it yields that is no verb', async () => {
  assert.match((await explore('failsLater', { model: 'm:1' })).finding!.summary, /^wrong: RangeError: no$/)
  assert.match((await explore('yields', { model: 'm:n' })).finding!.summary, /^rude: TypeError: a generator that is a thread yields/)
})

test('a fiber that calls a verb that blocks is refused, as it is where no lab is', async () => {
  assert.match((await explore('freezing', { model: 'm:1' })).finding!.summary, /^freezes: ErrnoError: EDEADLK: .*fiber\.acquire/)
})

test('fibers under another scheduler, by name or by file; one that lacks something is refused', async () => {
  for (const scheduler of ['fifo', 'fair', new URL('./lifo.js', import.meta.url)]) assert.equal((await explore('dined', { model: 'm:n', scheduler, schedules: 300 })).ok, true)
  await assert.rejects(explore('dined', { model: 'm:1', scheduler: 'none' }), (error: Error) => error instanceof StoryError && /no scheduler "none"/.test(error.message))
  await assert.rejects(explore('dined', { model: 'm:n', carriers: 9 }), (error: Error) => error instanceof StoryError && /9 carriers/.test(error.message))
})

test('a generator that yields what is no verb is told so', async () => {
  const { finding } = await explore('yields')
  assert.match(finding!.summary, /^rude: TypeError: a generator that is a thread yields what the verbs of `fiber` do/)
})

test('an error names the thread', async () => {
  const { finding } = await explore('fails')
  assert.equal(finding?.verdict, 'error')
  assert.match(finding.summary, /^bad: RangeError: no$/)
})

test('a lost update needs one preemption, and none finds nothing', async () => {
  assert.equal((await explore('update', { bound: 0 })).ok, true)
  const { finding, replayed, trace } = await explore('update', { bound: 1 })
  assert.equal(finding?.verdict, 'assertion')
  assert.equal(finding.preemptions, 1)
  assert.ok(replayed)
  assert.match(trace![0].where, /stories\.(ts|js):\d+$/)
})

test('chance finds it too, and the schedule that is printed replays it', async () => {
  const found = await explore('update', { search: 0, seed: 3 })
  assert.equal(found.finding?.verdict, 'assertion')
  const again = await explore('update', { seed: found.finding.schedule })
  assert.equal(again.schedules, 1)
  assert.equal(again.finding?.hash, found.finding.hash)
  const same = await explore('update', { search: 0, seed: 3 })
  assert.deepEqual([same.schedules, same.finding], [found.schedules, found.finding])
})

test('time passes only when nobody can run, or when a timeout is chosen', async () => {
  const { ok, finding } = await explore('sleeps')
  assert.ok(ok, finding?.summary)
})

test('Math.random and Date.now are the same in every schedule', async () => {
  const result = await explore('chance')
  assert.ok(result.ok, formatResult(result))
  assert.ok(result.schedules > 3)
})

test('what a thread keeps outside of its arguments differs from schedule to schedule, and that is said', async () => {
  const { finding } = await explore('remembers')
  assert.equal(finding?.verdict, 'irreproducible')
})

test('a story that cannot be run rejects with the reason', async () => {
  await assert.rejects(explore('nothing'), (error: Error) => error instanceof StoryError && /its export "nothing" is not/.test(error.message))
  await assert.rejects(explore('unsharable'), (error: Error) => error instanceof StoryError && /function/.test(error.message))
})

test('of orders that lead to the same one is run, and no outcome is left out', async () => {
  const all = { bound: Infinity, schedules: 1e5, search: 1e5 }
  for (const story of ['sum1', 'sum2', 'sum3', 'seen02', 'seen12', 'seen21', 'seen22']) {
    const { finding, replayed } = await explore(story, all)
    assert.equal(finding?.verdict, 'assertion', story)
    assert.ok(replayed)
  }
  for (const story of ['sum0', 'sum4', 'seen00', 'seen11']) {
    const result = await explore(story, all)
    assert.equal(result.coverage, 'all', formatResult(result))
    assert.ok(result.schedules < 100, formatResult(result))              // 1680 orders of three times three steps
  }
})

test('a schedule\'s text is read back', () => {
  assert.deepEqual(readSchedule('a2-1.1_2.3'), { plain: 0, bound: 2, choices: [0, 1, 0, 3] })
  assert.deepEqual(readSchedule('s-'), { plain: 1, bound: -1, choices: [] })
  for (const wrong of ['', 'a', 'b1-', 'a1-1', 'a1-1.1_', 'a-zzzzzz.1', '12']) assert.equal(readSchedule(wrong), undefined, wrong)
})
