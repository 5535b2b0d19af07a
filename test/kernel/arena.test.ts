// The arena against a model: no two blocks overlap, nothing is lost, and a full arena says so.

import test from 'node:test'
import assert from 'node:assert/strict'
import { free, malloc, mend, used, type Arena } from '#internal/mem/arena.js'
import { Memory } from '#internal/mem/memory.js'
import { random, takeSeed } from '../stress/random.ts'

const PAGE = 65536
const seed = takeSeed()

function arenaOf(pages: number): Arena {
  return { memory: new Memory(7, new SharedArrayBuffer(pages * PAGE)), locks: new Memory(8, new SharedArrayBuffer(64)), lock: 0 }
}

/** The longest run that can be had. */
function largestRun(a: Arena, pages: number): number {
  for (let n = pages; n > 0; n--) {
    const address = malloc(a, n * PAGE, 1)
    if (address === 0) continue
    free(a, address, 1)
    return n
  }
  return 0
}

test(`random blocks never overlap and keep what was written (seed ${seed})`, () => {
  const below = random(seed)
  for (let round = 0; round < 6; round++) {
    const pages = 20 + below(60)
    const a = arenaOf(pages)
    const owners = new Map<number, { bytes: number, mark: number }>()
    const blocks: number[] = []
    let refusals = 0
    for (let step = 0; step < 4000; step++) {
      if (blocks.length > 0 && below(100) < 47) {
        const [address] = blocks.splice(below(blocks.length), 1)
        const { bytes, mark } = owners.get(address)!
        for (const at of [0, bytes >>> 1, bytes - 1]) assert.equal(a.memory.u8[address + at], mark, `block ${address} was overwritten`)
        owners.delete(address)
        free(a, address, 1)
      } else {
        const bytes = below(4) === 0 ? 1 + below(5 * PAGE) : 1 + below([64, 600, 5000, 33000][below(4)])
        const address = malloc(a, bytes, 1)
        if (address === 0) {
          refusals++
          continue
        }
        assert.equal(address % 16, 0)
        assert.ok(address >= 512 + pages * 4 && address + bytes <= a.memory.size)
        const mark = 1 + below(255)
        a.memory.u8.fill(mark, address, address + bytes)
        owners.set(address, { bytes, mark })
        blocks.push(address)
      }
      if (step % 500 === 0) mend(a)
    }
    const spans = [...owners].map(([address, { bytes }]) => [address, address + bytes]).sort(([p], [q]) => p - q)
    for (let i = 1; i < spans.length; i++) assert.ok(spans[i - 1][1] <= spans[i][0], `blocks ${spans[i - 1].join('-')} and ${spans[i].join('-')} overlap`)
    for (const address of blocks) free(a, address, 1)
    assert.equal(used(a), 0, `${refusals} were refused`)
  }
})

test('bytes in use are counted by size class and by page', () => {
  const a = arenaOf(64)
  for (const bytes of [0, 1, 16, 17, 32, 33, 48, 49, 64, 65, 96, 97, 128, 129, 192, 1000, 1024, 1025, 16384, 16385, 32768, 32769, PAGE, PAGE + 1]) {
    const address = malloc(a, bytes, 1)
    const sizes = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 32768]
    assert.equal(used(a), bytes > 32768 ? Math.ceil(bytes / PAGE) * PAGE : sizes.find(size => size >= bytes), `${bytes} bytes`)
    free(a, address, 1)
    assert.equal(used(a), 0)
  }
})

test('a freed small block is the next one given', () => {
  const a = arenaOf(4)
  const first = malloc(a, 40, 1), second = malloc(a, 40, 1)
  assert.notEqual(first, second)
  free(a, first, 1)
  assert.equal(malloc(a, 48, 1), first)
})

test('neighbouring free runs are joined', () => {
  const a = arenaOf(34)
  const whole = largestRun(a, 34)
  const runs = Array.from({ length: whole }, () => malloc(a, PAGE, 1))
  assert.ok(runs.every(address => address !== 0))
  assert.equal(malloc(a, PAGE, 1), 0)
  for (const i of runs.keys()) if (i % 2 === 0) free(a, runs[i], 1)
  assert.equal(malloc(a, 2 * PAGE, 1), 0, 'two pages, though only single ones are free')
  for (const i of runs.keys()) if (i % 2 === 1) free(a, runs[i], 1)
  assert.equal(largestRun(a, 34), whole)
})

test('a run is split, and what is left of it is used', () => {
  const a = arenaOf(20)
  const all = largestRun(a, 20)
  const run = malloc(a, all * PAGE, 1)
  free(a, run, 1)
  const parts = [malloc(a, 3 * PAGE, 1), malloc(a, PAGE + 1, 1), malloc(a, (all - 5) * PAGE, 1)]
  assert.deepEqual(parts, [run, run + 3 * PAGE, run + 5 * PAGE])
  assert.equal(malloc(a, PAGE, 1), 0)
})

test('a full arena refuses, and gives again what is freed', () => {
  const a = arenaOf(3)
  const blocks: number[] = []
  for (let address = malloc(a, 100, 1); address !== 0; address = malloc(a, 100, 1)) blocks.push(address)
  assert.equal(new Set(blocks).size, blocks.length)
  assert.equal(blocks.length, 2 * Math.floor(PAGE / 128))
  free(a, blocks[17], 1)
  assert.equal(malloc(a, 100, 1), blocks[17])
  assert.equal(malloc(a, 100, 1), 0)
  assert.equal(malloc(a, 2 ** 31, 1), 0)
})

test(`after the death of a holder every block is still given once (seed ${seed})`, () => {
  const below = random(seed)
  const a = arenaOf(40)
  const live = new Set<number>()
  for (let step = 0; step < 3000; step++) {
    if (live.size > 0 && below(2) === 0) {
      const [address] = live
      live.delete(address)
      free(a, address, 1)
    } else {
      const address = malloc(a, 1 + below(below(2) === 0 ? 300 : 3 * PAGE), 1)
      if (address === 0) continue
      assert.ok(!live.has(address))
      live.add(address)
    }
    if (below(10) === 0) mend(a)
  }
  for (const address of live) free(a, address, 1)
  assert.equal(used(a), 0)
})
