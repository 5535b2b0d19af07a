// Stories of named semaphores: open, close, unlink at the same time.

import assert from 'node:assert/strict'
import { add, load } from '#atomics'
import { kernel } from '#internal/kernel/process.js'
import { PROCESS, Process } from '#internal/kernel/records.js'
import type { Story } from '#internal/lab/index.js'
import { EEXIST, ENOENT, malloc, memory, O_CREAT, O_EXCL, sem_close, sem_open, sem_post, sem_unlink, sem_wait } from 'pthreads/posix'

interface Objects { made: number, places: number }
const setup = (): Objects => ({ made: malloc(4), places: malloc(64) })

// Exactly one makes it; both use the same one.
function makes({ made, places }: Objects, mine: number): void {
  const m = memory()
  const place = places + 4 * mine
  const errno = sem_open(m, place, '/gate', O_CREAT | O_EXCL, 0, 1)
  if (errno === 0) assert.equal(add(m, made, 1), 0, 'two have made it')
  else {
    assert.equal(errno, EEXIST)
    assert.equal(sem_open(m, place, '/gate', 0), 0)
  }
  const sem = load(m, place)
  assert.equal(sem_wait(m, sem), 0)
  assert.equal(sem_post(m, sem), 0)
  assert.equal(sem_close(m, sem), 0)
}
function makes1(objects: Objects): void { makes(objects, 0) }
function makes2(objects: Objects): void { makes(objects, 1) }

function one({ made }: Objects): void {
  assert.equal(load(memory(), made), 1)
  assert.equal(sem_unlink('/gate'), 0)
  assert.equal(kernel.i32[(PROCESS + Process.names) >>> 2], 0, 'a semaphore that nobody has is kept')
}
export const exclusive: Story<Objects> = { setup, threads: [makes1, makes2], after: one, clock: false }

// Opens, closes and takes the name away: whose name is gone is freed by the last that closes it.
function comesAndGoes({ places }: Objects, mine: number): void {
  const m = memory()
  const place = places + 4 * mine
  assert.equal(sem_open(m, place, '/gate', O_CREAT, 0, 0), 0)
  const errno = sem_unlink('/gate')
  assert.ok(errno === 0 || errno === ENOENT)
  assert.equal(sem_close(m, load(m, place)), 0)
}
function comes1(objects: Objects): void { comesAndGoes(objects, 0) }
function comes2(objects: Objects): void { comesAndGoes(objects, 1) }
function none(): void {
  assert.equal(kernel.i32[(PROCESS + Process.names) >>> 2], 0, 'a semaphore that nobody has is kept')
}
export const unlinked: Story<Objects> = { setup, threads: [comes1, comes2], after: none, clock: false }
