// Stories of once.

import assert from 'node:assert/strict'
import { add, load } from '#atomics'
import type { Story } from '#internal/lab/index.js'
import { malloc, memory, Once, pthread_once } from 'pthreads/posix'

interface Objects { once: number, runs: number }

const setup = (): Objects => ({ once: malloc(Once.size), runs: malloc(4) })

function caller({ once, runs }: Objects): void {
  const m = memory()
  assert.equal(pthread_once(m, once, () => { add(m, runs, 1) }), 0)
  assert.equal(load(m, runs), 1, 'it returned before the routine had')
}
function caller2(objects: Objects): void { caller(objects) }
function caller3(objects: Objects): void { caller(objects) }

// The first time, the routine throws: another caller runs it.
function thrower({ once, runs }: Objects): void {
  const m = memory()
  try {
    pthread_once(m, once, () => { throw new RangeError('no') })
  } catch (error) {
    assert.ok(error instanceof RangeError)
  }
  assert.equal(pthread_once(m, once, () => { add(m, runs, 1) }), 0)
}

const ran = ({ once, runs }: Objects): void => {
  assert.equal(load(memory(), runs), 1)
  assert.equal(load(memory(), once), 2)
}

export const two: Story<Objects> = { setup, threads: [caller, caller2], after: ran, clock: false }
export const three: Story<Objects> = { setup, threads: [caller, caller2, caller3], after: ran, clock: false }
export const throws: Story<Objects> = { setup, threads: [thrower, caller2], after: ran, clock: false }
