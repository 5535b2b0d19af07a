// Stories of the spin lock.

import assert from 'node:assert/strict'
import { add, load } from '#atomics'
import type { Story } from '#internal/lab/index.js'
import { EBUSY, malloc, memory, pthread_spin_lock, pthread_spin_trylock, pthread_spin_unlock, Spinlock } from 'pthreads/posix'

interface Objects { spin: number, inside: number }

const setup = (): Objects => ({ spin: malloc(Spinlock.size), inside: malloc(4) })

function inside({ spin, inside }: Objects): void {
  const m = memory()
  assert.equal(add(m, inside, 1), 0, 'two threads are inside')
  add(m, inside, -1)
  assert.equal(pthread_spin_unlock(m, spin), 0)
}

function first(objects: Objects): void {
  assert.equal(pthread_spin_lock(memory(), objects.spin), 0)
  inside(objects)
}
function second(objects: Objects): void { first(objects) }
function third(objects: Objects): void { first(objects) }

function tries(objects: Objects): void {
  const errno = pthread_spin_trylock(memory(), objects.spin)
  if (errno === 0) inside(objects)
  else assert.equal(errno, EBUSY)
}

const free = ({ spin }: Objects): void => { assert.equal(load(memory(), spin) & 0x7fff_ffff, 0) }

export const two: Story<Objects> = { setup, threads: [first, second], after: free, clock: false }
export const three: Story<Objects> = { setup, threads: [first, second, third], after: free, clock: false }
export const trylock: Story<Objects> = { setup, threads: [first, second, tries], after: free, clock: false }
