// Of all joins and detaches of a thread one succeeds, and the others change nothing.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { code } from './code.ts'
import { asleep, until, words } from './until.ts'
import { codeOf } from './work.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('a second join is EINVAL and names the thread', async () => {
  const t = Thread.create({ name: 'once' }, work.add, 1, 1)
  t.join()
  const gone = code('EINVAL', /^EINVAL: \w+: thread \d+ "once" was joined or detached before$/)
  assert.throws(() => t.join(), gone)
  assert.throws(() => { t.detach() }, gone)
  await assert.rejects(t.joinAsync(), gone)
})

test('a second join is EINVAL also when the record is another thread\'s by now', () => {
  const go = new Semaphore(), old = Thread.create(work.add, 1, 1)
  old.join()
  const next = Thread.create(work.waitThenReturn, go, 2)
  const codes = [codeOf(() => old.join(0)), codeOf(() => { old.detach() })]
  go.post()
  assert.equal(next.join(), 2)
  assert.deepEqual(codes, ['EINVAL', 'EINVAL'])
})

test('a detached thread can be neither joined nor detached', async () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, 1), born = Thread.create({ detached: true }, work.waitThenReturn, go, 1)
  t.detach()
  for (const each of [t, born]) {
    assert.throws(() => each.join(), code('EINVAL'))
    assert.throws(() => { each.detach() }, code('EINVAL'))
    await assert.rejects(each.joinAsync(), code('EINVAL'))
  }
  go.post(2)
})

test('while one thread joins, a second join is EINVAL', () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, 1), joiner = Thread.create(work.joinIt, t)
  asleep(joiner, 'join')
  assert.throws(() => t.join(), code('EINVAL'))
  go.post()
  assert.equal(joiner.join(), 1)
})

test('a detach that is refused, because another thread joins, changes nothing', () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, 1), joiner = Thread.create(work.joinIt, t)
  asleep(joiner, 'join')
  assert.throws(() => { t.detach() }, code('EINVAL'))
  go.post()
  assert.equal(joiner.join(), 1)
})

test('a join that is refused, because the thread is detached, changes nothing', () => {
  const go = new Semaphore(), t = Thread.create(work.waitThenReturn, go, 1)
  t.detach()
  assert.throws(() => t.join(), code('EINVAL'))
  go.post()
  until('it has ended', () => t.state === 'joined')
})

test('after a join that timed out, while it was refused to another, the thread can be joined', () => {
  const go = new Semaphore(), t = Thread.create(work.waitThenReturn, go, 1)
  const joiner = Thread.inline((t: Thread) => {
    try {
      t.join(50)
    } catch (error) {
      return (error as { code: string }).code
    }
  }, t)
  asleep(joiner, 'join')
  assert.throws(() => t.join(), code('EINVAL'))
  assert.equal(joiner.join(), 'ETIMEDOUT')
  go.post()
  assert.equal(t.join(), 1)
})

test('a thread may detach itself', () => {
  const word = words(1)
  const t = Thread.create(work.detachSelf, word)
  until('it is detached', () => Atomics.load(word, 0) === 1)
  assert.throws(() => t.join(), code('EINVAL'))
})
