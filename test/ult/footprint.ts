// What the threads of footprint.test.ts run: how much memory fibers take, measured by the fiber that creates them.

import { existsSync, readFileSync } from 'node:fs'
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fiber, load, Thread } from 'pthreads'
import { kernel } from '#internal/kernel/process.js'

const entries = load<typeof import('./footprint.ts')>(new URL(import.meta.url))

type Run<T> = Generator<unknown, T>

/** Whether the host tells how much of a memory is committed. */
export const tells = existsSync('/proc/self/smaps')

// Bytes of kernel memory that are committed: those of the mapping that is as long.
function committed(): number {
  let found = -1, length = 0
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line) ?? []
    if (from !== undefined) length = Number.parseInt(to, 16) - Number.parseInt(from, 16)
    const resident = /^Rss: +(\d+) kB/.exec(line)?.[1]
    if (resident === undefined || length !== kernel.size) continue
    if (found >= 0) throw new Error('two mappings are as long as kernel memory')
    found = Number(resident) * 1024
  }
  if (found < 0) throw new Error('no mapping is as long as kernel memory')
  return found
}

v8.setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heap(): number {
  collect()
  return v8.getHeapStatistics().used_heap_size + process.memoryUsage().arrayBuffers
}

export function* ends(n: number): Run<number> {
  yield* fiber.yield()
  return n
}

/**
 * Creates so many fibers, none of which begins before it waits, and joins them; twice. Returns bytes for each: of kernel
 * memory, the first time and the second; of the heap, for its handle.
 */
export function* footprint(many: number): Run<{ first: number, second: number, handle: number }> {
  const shared = [committed()], before = heap()
  const all: Thread<number>[] = []
  for (let round = 0; round < 2; round++) {
    const threads = Array.from({ length: many }, (_, i) => Thread.create(entries.ends, i))
    shared.push(committed())
    for (const thread of threads) yield* fiber.join(thread)
    all.push(...threads)
  }
  const handle = (heap() - before) / all.length
  return { first: (shared[1] - shared[0]) / many, second: (shared[2] - shared[1]) / many, handle }
}

const OLD: ReadonlySet<string> = new Set(['old_space', 'large_object_space'])

/** Runs so many fibers, of which some live at a time; returns by how many bytes each made the old part of the heap grow. */
export function* promoted(many: number): Run<number> {
  const old = (): number => v8.getHeapSpaceStatistics().filter(space => OLD.has(space.space_name)).reduce((sum, space) => sum + space.space_used_size, 0)
  collect()
  const before = old()
  for (let i = 0; i < many; i++) Thread.create({ detached: true }, entries.ends, i)
  yield* fiber.join(Thread.create(entries.ends, 0))
  return (old() - before) / many
}
