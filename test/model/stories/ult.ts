// Stories of fibers: the trampoline of src/ult, on one carrier and on two.

import assert from 'node:assert/strict'
import { add, load } from '#atomics'
import type { Story } from '#internal/lab/index.js'
import { fiber, Mutex } from 'pthreads'
import { malloc, memory } from 'pthreads/posix'

type Body = Generator<unknown, void>

interface Locked { mutex: Mutex, inside: number }

const setup = (): Locked => ({ mutex: new Mutex(), inside: malloc(4) })

function* enters({ mutex, inside }: Locked): Body {
  yield* fiber.lock(mutex)
  assert.equal(add(memory(), inside, 1), 0, 'two threads are inside')
  yield* fiber.yield()
  add(memory(), inside, -1)
  mutex.unlock()
}
function* second(o: Locked): Body { yield* enters(o) }
function* third(o: Locked): Body { yield* enters(o) }

const free = ({ mutex, inside }: Locked): void => {
  assert.equal(load(memory(), inside), 0)
  assert.ok(mutex.tryLock(), 'the mutex is free')
}

export const locked1: Story<Locked> = { setup, threads: [enters, second, third], model: 'm:1', after: free, clock: false }
export const locked: Story<Locked> = { setup, threads: [enters, second], model: 'm:n', on: [0, 1], after: free, clock: false }
export const lockedAnywhere: Story<Locked> = { setup, threads: [enters, second], model: 'm:n', after: free, clock: false }
