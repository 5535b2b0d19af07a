// Programs whose I/O thread dies.

import assert from 'node:assert/strict'
import { configure, ErrnoError, load, processInfo, runSync, Thread, ThreadDeathError, type IoInfo } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { scenes } from '../program.ts'
import { blockIo } from './run-sync-blocked.ts'
import { asleep, until, words } from './until.ts'

const work = load<typeof import('./run-sync-work.ts')>(new URL('./run-sync-work.js', import.meta.url))

const io = (): IoInfo => processInfo().io

function died(code: string, message: RegExp, exitCode?: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ThreadDeathError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.equal(error.exitCode, exitCode)
    return true
  }
}

// Threads that wait in a call each, and are told of the death.
function bystanders(count: number): Thread<string>[] {
  runSync(work.close)
  const all = Array.from({ length: count }, () => Thread.create(work.tellsDeath))
  for (const each of all) asleep(each, 'call')
  until('all calls have begun', () => io().inFlight === count)
  runSync(work.echo, 1)                                                   // whatever was submitted before it has begun
  return all
}

await scenes({
  async exit() {
    const others = bystanders(2)
    assert.throws(() => runSync(work.exitProcess, 3), died('ERR_THREAD_CALLED_EXIT', /^the I\/O thread, which ran "exitProcess", called process\.exit\(3\)$/, 3))
    for (const other of others) assert.equal(other.join(), 'ERR_THREAD_CALLED_EXIT')
    assert.equal(runSync(work.echo, 'again'), 'again')
    await nothingLeft()
  },

  async uncaught() {
    const others = bystanders(2)
    assert.throws(() => runSync(work.throwInTimer), (error: Error) => {
      died('ERR_THREAD_DIED', /died of an uncaught exception/)(error)
      assert.ok(error.cause instanceof RangeError)
      assert.equal(error.cause.message, 'in a timer')
      return true
    })
    for (const other of others) assert.equal(other.join(), 'ERR_THREAD_DIED')
    assert.equal(runSync(work.echo, 'again'), 'again')
    await nothingLeft()
  },

  async memory() {
    const [other] = bystanders(1)
    assert.throws(() => runSync(work.exhaust), died('ERR_THREAD_OUT_OF_MEMORY', /ran out of memory/))
    assert.equal(other.join(), 'ERR_THREAD_OUT_OF_MEMORY')
    assert.equal(runSync(work.echo, 'again'), 'again')
    await nothingLeft()
  },

  async terminated() {
    const others = bystanders(2)
    const io = runSync(work.whoRuns)
    const killer = Thread.create(work.terminatesWhenAsleep, io, Thread.current)
    assert.throws(() => runSync(work.waitForOpen, 1), died('ERR_THREAD_TERMINATED', /was terminated/))
    killer.join()
    for (const other of others) assert.equal(other.join(), 'ERR_THREAD_TERMINATED')
    assert.equal(runSync(work.echo, 'again'), 'again')
    await nothingLeft()
  },

  async survivors() {
    const io = runSync(work.whoRuns)
    const { blocker } = blockIo()
    const waiting = Array.from({ length: 3 }, (_, i) => Thread.create(work.callsEcho, i + 1))
    for (const each of waiting) asleep(each, 'call')
    const before = processInfo().io
    io.terminate()
    assert.deepEqual(waiting.map(each => each.join()), [0, 1, 3])
    assert.equal(blocker.join(), 'ERR_THREAD_TERMINATED')
    assert.ok(processInfo().io.completed > before.completed)
    await nothingLeft()
  },

  async 'ports survive'() {
    const io = runSync(work.whoRuns)
    const shared = words(1), { blocker } = blockIo()
    const caller = Thread.create(work.callsCount, shared)
    asleep(caller, 'call')
    io.terminate()
    caller.join()
    assert.equal(shared[0], 1)
    blocker.join()
    await nothingLeft()
  },

  async refused() {
    process.env.LIMIT = '0'
    configure({ host: new URL('../kernel/fixtures/refusing-host.js', import.meta.url) })
    for (let i = 0; i < 3; i++) assert.throws(() => runSync(work.echo, 1), (error: ErrnoError) => error instanceof ErrnoError && error.code === 'EAGAIN' && error.message.includes('"echo"'))
    await nothingLeft()
  },

  'holds no process'() {
    runSync(work.close)
    runSync(work.keepServing)
    assert.throws(() => runSync({ timeout: 1 }, work.waitForOpen, 1), { code: 'ETIMEDOUT' })
  },

  async 'ports first'() {
    const { port1, port2 } = new MessageChannel()
    port1.postMessage('by port')
    assert.equal(runSync({ transfer: [port2] }, work.readPort, port2 as never), 'by port')
    port1.close()
    await nothingLeft()
  },

  async 'many deaths'() {
    for (let i = 0; i < 5; i++) runSync(work.echo, i)
    for (let i = 0; i < 50; i++) assert.throws(() => runSync(work.exitProcess, 1), { code: 'ERR_THREAD_CALLED_EXIT' })
    assert.equal(runSync(work.echo, 'again'), 'again')
    await nothingLeft()
  },
})
