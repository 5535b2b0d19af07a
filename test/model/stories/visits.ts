// Stories of threads that call a program while it ends.

import assert from 'node:assert/strict'
import { add, load, poke, store } from '#atomics'
import { block } from '#internal/kernel/request.js'
import type { Story } from '#internal/lab/index.js'
import { local } from '#internal/pthread/local.js'
import { ENDED, RUNS } from '#internal/wasm/about.js'
import { ProgramRecord } from '#internal/wasm/records.js'
import { dismiss, enter, hurry, leave } from '#internal/wasm/visits.js'
import { malloc, memory, Mutex, pthread_mutex_init, pthread_mutex_lock, Sem, sem_init, sem_wait } from 'pthreads/posix'

/** The program's record; how many are inside, and 1 once it was given up; a semaphore that nobody posts; a mutex whose owner is gone. */
interface Objects { at: number, words: number, sem: number, mutex: number }

const ID = 77

class Over extends Error {}

function setup(): Objects {
  const m = memory(), at = malloc(ProgramRecord.size), words = malloc(8), sem = malloc(Sem.size), mutex = malloc(Mutex.size)
  for (let i = 0; i < ProgramRecord.size; i += 4) poke(m, at + i, 0)
  poke(m, at + ProgramRecord.memory, ID)
  sem_init(m, sem, 0, 0)
  pthread_mutex_init(m, mutex)
  pthread_mutex_lock(m, mutex)
  return { at, words, sem, mutex }
}

function visit({ at, words }: Objects, f: () => void): void {
  const m = memory()
  if (!enter(at, ID)) return
  local.interrupted = () => {
    if (load(m, at + ProgramRecord.ended) === RUNS) return
    hurry()
    throw new Over()
  }
  add(m, words, 1)
  try {
    f()
  } catch (error) {
    if (!(error instanceof Over)) throw error
  } finally {
    assert.equal(load(m, words + 4), 0, 'the program was given up while somebody was inside')
    add(m, words, -1)
    local.interrupted = undefined
    leave()
  }
}

function passes(o: Objects): void { visit(o, () => undefined) }
function passes2(o: Objects): void { passes(o) }

function waits(o: Objects): void {
  visit(o, () => { sem_wait(memory(), o.sem) })
}
function waits2(o: Objects): void { waits(o) }

// What it is thrown out of takes a lock on the way, as a wait on a condition does.
function locks(o: Objects): void {
  visit(o, () => {
    try {
      sem_wait(memory(), o.sem)
    } finally {
      pthread_mutex_lock(memory(), o.mutex)
    }
  })
}

function ender({ at, words }: Objects): void {
  const m = memory()
  store(m, at + ProgramRecord.ended, ENDED)
  block(dismiss(ID))
  assert.equal(load(m, words), 0, 'nobody is inside')
  store(m, words + 4, 1)
}

export const pass: Story<Objects> = { setup, threads: [passes, ender], clock: false }
export const two: Story<Objects> = { setup, threads: [passes, passes2, ender], clock: false }
export const wait: Story<Objects> = { setup, threads: [waits, ender], clock: false }
export const many: Story<Objects> = { setup, threads: [waits, waits2, ender], clock: false }
export const lock: Story<Objects> = { setup, threads: [locks, ender], clock: false }
