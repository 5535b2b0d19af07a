// Stories of asynchronous waits: promises stand in the same queues as threads.

import assert from 'node:assert/strict'
import { add, load } from '#atomics'
import type { Story } from '#internal/lab/index.js'
import { ErrnoError, Mutex, Semaphore } from 'pthreads'
import { malloc, memory } from 'pthreads/posix'

interface Objects { mutex: Mutex, sem: Semaphore, sem2: Semaphore, inside: number }

const setup = (): Objects => ({ mutex: new Mutex(), sem: new Semaphore(0), sem2: new Semaphore(0), inside: malloc(4) })

function alone(inside: number): void {
  const m = memory()
  assert.equal(add(m, inside, 1), 0, 'two are inside')
  add(m, inside, -1)
}

async function promises({ mutex, inside }: Objects): Promise<void> {
  const hold = await mutex.lockAsync()
  alone(inside)
  await Promise.resolve()
  hold.unlock()
}
async function promises2(objects: Objects): Promise<void> { await promises(objects) }

function blocks({ mutex, inside }: Objects): void {
  mutex.lock()
  alone(inside)
  mutex.unlock()
}

// Two promises of one thread, which come true in the other order.
async function both({ sem, sem2 }: Objects): Promise<void> {
  await Promise.all([sem.waitAsync(), sem2.waitAsync()])
}
function posts({ sem, sem2 }: Objects): void {
  sem2.post()
  sem.post()
}

// Gives up after a second of virtual time, unless it was posted; then the unit is the other's.
async function impatient({ sem }: Objects): Promise<void> {
  const before = performance.now()
  try {
    await sem.waitAsync(1000)
    sem.post()
  } catch (error) {
    assert.ok(error instanceof ErrnoError && error.code === 'ETIMEDOUT')
    assert.ok(performance.now() - before >= 1000, 'its time was not up')
  }
}
async function patient({ sem }: Objects): Promise<void> {
  await sem.waitAsync()
}
function post({ sem }: Objects): void { sem.post() }

// Timers, in the order of their times: on the lab's clock, where nobody waits.
async function sleeps({ inside }: Objects): Promise<void> {
  const order: number[] = []
  const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(() => { resolve(void order.push(ms)) }, ms))
  await Promise.all([sleep(20), sleep(10), sleep(5).then(() => sleep(30))])   // virtual time: what is asserted is the order
  assert.deepEqual(order, [5, 10, 20, 30])
  add(memory(), inside, 1)
}

const free = ({ mutex }: Objects): void => { assert.ok(mutex.tryLock(), 'the mutex is held') }
const once = ({ inside }: Objects): void => { assert.equal(load(memory(), inside), 1) }

export const locks: Story<Objects> = { setup, threads: [promises, promises2], after: free, clock: false }
export const mixed: Story<Objects> = { setup, threads: [promises, blocks], after: free, clock: false }
export const twoAtOnce: Story<Objects> = { setup, threads: [both, posts], clock: false }
export const timed: Story<Objects> = { setup, threads: [impatient, patient, post] }
export const timers: Story<Objects> = { setup, threads: [sleeps], after: once }
