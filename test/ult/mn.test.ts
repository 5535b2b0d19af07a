import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { load as read } from '#atomics'
import { kernel, placeRecord } from '#internal/kernel/process.js'
import { Place } from '#internal/kernel/records.js'
import { configure, load, Mutex, Semaphore, Thread, threads } from 'pthreads'
import { asleep, until, words } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'

const CARRIERS = 3
configure({ model: 'm:n', carriers: CARRIERS, scheduler: 'fair' })
const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

const carrierOf = ({ tid }: Thread): number => threads().find(each => each.tid === tid)!.carrier

test('fibers that a fiber creates are stolen by carriers that have nothing to do', () => {
  const together = new Semaphore()
  assert.equal(Thread.create(work.createMeetings, CARRIERS, together).join(), CARRIERS)      // each on another carrier
})

test('a fiber that another carrier has taken says that it migrated, one that begins where it was created does not', () => {
  const together = new Semaphore()
  const { carrier, all } = Thread.create(work.tellMigrations, CARRIERS, together).join()
  assert.equal(all.length, CARRIERS)
  for (const each of all) assert.equal(each.migrations, each.carrier === carrier ? 0 : 1)
  assert.equal(all.reduce((sum, each) => sum + each.migrations, 0), CARRIERS - 1)
  assert.equal(threads()[0].migrations, 0)
})

test('a fiber that has begun stays on its carrier', () => {
  const all = Array.from({ length: 12 }, () => Thread.create(work.staysPut, 50))
  for (const each of all) assert.equal(each.join(), 1)
})

test('fibers on several carriers exclude each other', () => {
  const mutex = new Mutex(), cell = words(1)
  const all = Array.from({ length: 9 }, () => Thread.create(work.count, mutex, cell, 1000))
  for (const each of all) each.join()
  assert.equal(cell[0], 9000)
})

test('wake-ups find fibers on whatever carrier they are', () => {
  const semaphore = new Semaphore()
  const all = Array.from({ length: 30 }, () => Thread.create(work.acquire, semaphore))
  for (const each of all) asleep(each, 'semaphore')
  semaphore.post(30)
  for (const each of all) each.join()
})

test('carriers without anything to do sleep', () => {
  Thread.create(work.add, 1, 2).join()
  until('all bells are set', () => [...Array(CARRIERS).keys()].every(i => read(kernel, placeRecord(i) + Place.bell) === 1))
})

test('what is transferred goes with the fiber', () => {
  const { port1, port2 } = new MessageChannel()
  const thread = Thread.create({ transfer: [port2] }, work.post, port2)
  thread.join()
  port1.close()
})

test('a carrier that dies takes only its own fibers along', () => {
  const never = new Semaphore(), ready = new Semaphore(), together = new Semaphore()
  const apart = Array.from({ length: CARRIERS }, () => Thread.create(work.meetAndSleepOn, CARRIERS, together, ready, never))
  const all = [...apart, ...Array.from({ length: 9 }, () => Thread.create(work.sleepOn, ready, never))]
  for (const each of all) asleep(each, 'semaphore')
  const before = new Map(all.map(each => [each, carrierOf(each)]))
  const exits = Thread.create(work.exitProcess, ready)
  assert.throws(() => exits.join(), { code: 'ERR_THREAD_CALLED_EXIT' })
  until('the dead are known', () => all.some(each => each.state === 'exited'))
  const dead = all.filter(each => each.state === 'exited')
  assert.equal(new Set(dead.map(each => before.get(each))).size, 1)
  never.post(all.length - dead.length)
  for (const each of dead) assert.throws(() => each.join(), { code: 'ERR_THREAD_CALLED_EXIT' })
  for (const each of all) if (!dead.includes(each)) each.join()
  assert.equal(Thread.create(work.startsMany, 1000).join(), 999_000)     // another carrier has the place
})

test('10,000 fibers that a fiber creates', () => {
  assert.equal(Thread.create(work.startsMany, 10_000).join(), 99_990_000)
})
