// Stories of priorities: whom a wake takes, what a holder inherits, and that it gives it back.

import assert from 'node:assert/strict'
import { load } from '#atomics'
import { effective } from '#internal/kernel/priority.js'
import { kernel, record, self } from '#internal/kernel/process.js'
import { ThreadRecord } from '#internal/kernel/records.js'
import { c, Doing, its, state } from '#internal/lab/control.js'
import type { Story } from '#internal/lab/index.js'
import { schedule } from '#internal/pthread/sched.js'
import {
  CLOCK_MONOTONIC, ETIMEDOUT, malloc, memory, Mutex, MutexAttr, pthread_mutex_clocklock, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_trylock,
  pthread_mutex_unlock, pthread_mutexattr_init, pthread_mutexattr_setprioceiling, pthread_mutexattr_setprotocol, PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_NONE,
  PTHREAD_PRIO_PROTECT, SCHED_FIFO, Sem, sem_init, sem_post, sem_trywait, sem_wait,
} from 'pthreads/posix'

interface Objects { mutex: number, mutex2: number, sem: number }

// Thread i of the story lives in record i + 1.
function prepare(protocol: number, priorities: readonly number[], ceilings: readonly number[] = [1, 1]): Objects {
  const m = memory()
  const attr = malloc(MutexAttr.size)
  const make = (ceiling: number): number => {
    pthread_mutexattr_init(m, attr)
    assert.equal(pthread_mutexattr_setprotocol(m, attr, protocol), 0)
    assert.equal(pthread_mutexattr_setprioceiling(m, attr, ceiling), 0)
    const mutex = malloc(Mutex.size)
    assert.equal(pthread_mutex_init(m, mutex, attr), 0)
    return mutex
  }
  priorities.forEach((priority, i) => { schedule(i + 1, SCHED_FIFO, priority) })
  const sem = malloc(Sem.size)
  sem_init(m, sem, 0, 0)
  return { mutex: make(ceilings[0]), mutex2: make(ceilings[1]), sem }
}

const MIDDLE = 1, HIGH = 2
const asleep = (thread: number): boolean => c[its(state, thread)] === Doing.ASLEEP && load(kernel, record(thread + 1) + ThreadRecord.bucket) !== 0
const mine = (): number => effective(self.slot)

function low({ mutex }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex)
  if (asleep(MIDDLE)) assert.ok(mine() >= 5, `the holder has ${mine()}, and 5 waits`)
  pthread_mutex_unlock(m, mutex)
  assert.equal(mine(), 1, 'the holder keeps what it has inherited')
}
function middle({ mutex }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex)
  pthread_mutex_unlock(m, mutex)
  assert.equal(mine(), 5)
}
export const inherits: Story<Objects> = { setup: () => prepare(PTHREAD_PRIO_INHERIT, [1, 5]), threads: [low, middle], clock: false }

// high waits for mutex2, which middle holds, which waits for mutex, which low holds.
function lowest({ mutex }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex)
  if (asleep(MIDDLE) && asleep(HIGH)) assert.ok(mine() >= 9, `the last holder has ${mine()}, and 9 waits`)
  pthread_mutex_unlock(m, mutex)
  assert.equal(mine(), 1, 'the last holder keeps what it has inherited')
}
function between({ mutex, mutex2 }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex2)
  pthread_mutex_lock(m, mutex)
  pthread_mutex_unlock(m, mutex)
  if (asleep(HIGH)) assert.ok(mine() >= 9, `the holder has ${mine()}, and 9 waits`)
  pthread_mutex_unlock(m, mutex2)
  assert.equal(mine(), 5, 'the holder keeps what it has inherited')
}
function high({ mutex2 }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex2)
  pthread_mutex_unlock(m, mutex2)
  assert.equal(mine(), 9)
}
export const chain: Story<Objects> = { setup: () => prepare(PTHREAD_PRIO_INHERIT, [1, 5, 9]), threads: [lowest, between, high], clock: false }

// A waiter whose time is up: once it has said so, nobody has its priority.
const soon = { tv_sec: 1, tv_nsec: 0 }
function givingUp({ mutex, sem }: Objects): void {
  const errno = pthread_mutex_clocklock(memory(), mutex, CLOCK_MONOTONIC, soon)
  if (errno === 0) pthread_mutex_unlock(memory(), mutex)
  else assert.equal(errno, ETIMEDOUT)
  assert.equal(mine(), 5)
  sem_post(memory(), sem)
}
function holding({ mutex, sem }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex)
  if (sem_trywait(m, sem) === 0) assert.equal(mine(), 1, 'the holder keeps the gift')
  pthread_mutex_unlock(m, mutex)
  assert.equal(mine(), 1, 'the holder keeps the gift')
}
function low2(objects: Objects): void { holding(objects) }
export const givesUp: Story<Objects> = { setup: () => prepare(PTHREAD_PRIO_INHERIT, [1, 5]), threads: [low2, givingUp] }

// The same for mutex2, whose holder waits for mutex.
function lowest2({ mutex, sem }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex)
  if (sem_trywait(m, sem) === 0) assert.ok(mine() <= 2, 'the last holder keeps the gift')
  pthread_mutex_unlock(m, mutex)
  assert.equal(mine(), 1, 'the last holder keeps the gift')
}
function between2({ mutex, mutex2 }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex2)
  pthread_mutex_lock(m, mutex)
  pthread_mutex_unlock(m, mutex)
  pthread_mutex_unlock(m, mutex2)
  assert.equal(mine(), 2)
}
function givingUp2({ mutex2, sem }: Objects): void { givingUp({ mutex: mutex2, mutex2, sem }) }
export const givesUpInChain: Story<Objects> = { setup: () => prepare(PTHREAD_PRIO_INHERIT, [1, 2, 5]), threads: [lowest2, between2, givingUp2] }

// Under two ceilings, in the order of a stack.
function under({ mutex, mutex2 }: Objects): void {
  const m = memory()
  assert.equal(pthread_mutex_lock(m, mutex), 0)
  assert.equal(mine(), 5)
  assert.equal(pthread_mutex_lock(m, mutex2), 0)
  assert.equal(mine(), 9)
  pthread_mutex_unlock(m, mutex2)
  assert.equal(mine(), 5)
  pthread_mutex_unlock(m, mutex)
  assert.equal(mine(), 2)
}
function under2(objects: Objects): void { under(objects) }
export const ceilings: Story<Objects> = { setup: () => prepare(PTHREAD_PRIO_PROTECT, [2, 2], [5, 9]), threads: [under, under2], clock: false }

// Of two that sleep, the one with the higher priority is woken first, whoever came first.
const queued = (thread: number): boolean => load(kernel, record(thread + 1) + ThreadRecord.bucket) !== 0
function waits({ sem }: Objects): void { sem_wait(memory(), sem) }
function waits2({ sem }: Objects): void { sem_wait(memory(), sem) }
function posts({ sem }: Objects): void {
  const m = memory()
  const both = asleep(0) && asleep(1)
  sem_post(m, sem)
  if (both) assert.ok(queued(0), 'the lower priority was woken first')
  sem_post(m, sem)
}
export const order: Story<Objects> = { setup: () => prepare(PTHREAD_PRIO_INHERIT, [1, 5]), threads: [waits, waits2, posts], clock: false }

// The same of a mutex: who gets it keeps it.
function keeps({ mutex }: Objects): void { pthread_mutex_lock(memory(), mutex) }
function keeps2(objects: Objects): void { keeps(objects) }
function passes({ mutex }: Objects): void {
  const m = memory()
  if (pthread_mutex_trylock(m, mutex) !== 0) return
  const both = asleep(0) && asleep(1)
  pthread_mutex_unlock(m, mutex)
  if (both) assert.ok(queued(0), 'the lower priority was woken first')
}
export const orderOfMutex: Story<Objects> = { setup: () => prepare(PTHREAD_PRIO_NONE, [1, 5]), threads: [keeps, keeps2, passes], daemons: [0, 1], clock: false }
