import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, Thread, threads } from 'pthreads'
import { render, take } from '#internal/cli/summary.js'
import { asleep, ended } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('../api/threads-work.ts')>(new URL('../api/threads-work.js', import.meta.url))

afterEach(() => nothingLeft())

test('ps and the table of SIGQUIT failed on a thread that was canceled and not yet joined', () => {
  const t = Thread.create({ name: 'victim' }, work.waits, new Semaphore())
  asleep(t, 'semaphore')
  t.cancel()
  ended(t)
  assert.equal(threads().find(({ tid }) => tid === t.tid)?.ended, 'canceled')
  assert.match(render(take()), /^ +\d+ {2}victim +canceled /m)
  assert.throws(() => t.join(), { code: 'ECANCELED' })
})
