// Objects that the program drops: their memory comes back when the event loop turns.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { succeeds } from './child.ts'

const flat = (turns: number, each: number, collect: string): string => `
  import { Mutex } from 'pthreads'
  import { held } from '#internal/kernel/handle.js'
  import { arena } from '#internal/kernel/process.js'
  import { used } from '#internal/mem/arena.js'
  let handles = 0, bytes = 0, last
  for (let turn = 0; turn < ${turns}; turn++) {
    for (let i = 0; i < ${each}; i++) last = new Mutex()
    ${collect}
    await new Promise(resolve => setImmediate(resolve))
    handles = Math.max(handles, held())
    bytes = Math.max(bytes, used(arena))
  }
  console.log(handles, bytes)`

function measured(source: string, options: string[] = []): { handles: number, bytes: number } {
  const [handles, bytes] = succeeds(source, options).trim().split(' ').map(Number)
  return { handles, bytes }
}

test('a million mutexes made and dropped keep handles and memory bounded', () => {
  const { handles, bytes } = measured(flat(200, 5000, 'gc()'), ['--expose-gc'])
  assert.ok(handles <= 50_000, `${handles} handles`)
  assert.ok(bytes <= 50_000 * 128, `${bytes} bytes`)
})

test('the collector alone keeps them bounded, without being asked', () => {
  const { handles, bytes } = measured(flat(500, 1000, ''), ['--max-old-space-size=48'])
  assert.ok(handles <= 200_000, `${handles} handles`)
  assert.ok(bytes <= 200_000 * 128, `${bytes} bytes`)
})

test('mutexes sent to threads and dropped by all come back', () => {
  assert.equal(succeeds(`
    import { load, Mutex, Thread } from 'pthreads'
    import { held } from '#internal/kernel/handle.js'
    const { take } = load('data:text/javascript,import "${import.meta.resolve('pthreads')}"; export async function take(mutexes) { const n = mutexes.length; mutexes = undefined; gc(); await new Promise(r => setTimeout(r, 1)); gc(); await new Promise(r => setTimeout(r, 1)); return n }')
    let most = 0
    for (let turn = 0; turn < 30; turn++) {
      Thread.create(take, Array.from({ length: 1000 }, () => new Mutex())).join()
      gc()
      await new Promise(resolve => setTimeout(resolve, 1))
      most = Math.max(most, held())
    }
    console.log(most < 15_000 ? 'bounded' : most)`, ['--expose-gc']), 'bounded\n')
})

test('an object that comes again, after the collector has found it and before the event loop has turned, is held once', () => {
  assert.equal(succeeds(`
    import { Mutex, Port } from 'pthreads'
    import { held } from '#internal/kernel/handle.js'
    const port = new Port(), before = held()
    const turn = () => new Promise(resolve => setImmediate(resolve))
    const sendTo = () => { const mutex = new Mutex(); for (let i = 0; i < 21; i++) port.send({ mutex }) }
    sendTo()
    const gone = () => { const ref = new WeakRef(port.wait().body.mutex); return () => ref.deref() === undefined }
    let found = 0
    for (let i = 0; i < 20; i++) {
      const isGone = gone()
      await turn()
      gc()
      if (isGone()) found++
      port.get()
      if (held() !== before + 1) throw new Error(held() - before + ' handles')
      if (port.size === 0) break
    }
    console.log(found > 0 ? 'held once' : 'never collected')`, ['--expose-gc']), 'held once\n')
})
