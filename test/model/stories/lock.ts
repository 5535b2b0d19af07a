// Stories of the kernel's lock. Time stands still: a sleeper's look after a second hides nothing.

import assert from 'node:assert/strict'
import { add } from '#atomics'
import type { Story } from '#internal/lab/index.js'
import { kernel, self } from '#internal/kernel/process.js'
import { PROCESS, Process } from '#internal/kernel/records.js'
import { acquire, release } from '#internal/mem/lock.js'
import { malloc, memory } from 'pthreads/posix'

interface Objects { inside: number }
const setup = (): Objects => ({ inside: malloc(4) })
const lock = PROCESS + Process.internLock

function enter({ inside }: Objects): void {
  acquire(kernel, lock, self.carrier)
  assert.equal(add(memory(), inside, 1), 0, 'two threads are inside')
  add(memory(), inside, -1)
  release(kernel, lock)
}
function second(objects: Objects): void { enter(objects) }
function third(objects: Objects): void { enter(objects) }

const free = (): void => { assert.equal(kernel.i32[lock >>> 2], 0) }

export const two: Story<Objects> = { setup, threads: [enter, second], after: free, clock: false }
export const three: Story<Objects> = { setup, threads: [enter, second, third], after: free, clock: false }
