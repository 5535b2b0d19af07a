// What the threads run: `indexFiles` takes files until none is left and indexes them into a table of its own,
// `mergeShare` merges a share of those tables.

import { Thread, fiber } from 'pthreads'
import type { Mutex } from 'pthreads'
import { LARGEST, readFile } from './find-files.ts'
import { createTable, indexWords, isText } from './index-words.ts'
import type { WordTable } from './index-words.ts'
import { KILOBYTES_DONE, NEXT } from './shared.ts'

export { mergeShare } from './merge.ts'

/** What a thread hands back: its index, and what it did. */
export type Part = {
  table: WordTable
  files: number
  bytes: number
  words: number
  binary: number
  unreadable: string[]
  stats: Stats
}

type Stats = Pick<Thread['stats'], 'cpuTime' | 'sleeps' | 'wakeups' | 'sleepsBy'>

/**
 * Indexes files from `paths` (NUL between any two) until the threads of this run have taken all. Whoever calls it as a
 * function, and not as a thread, may be told now and then that some are done.
 */
export function* indexFiles(paths: string, shared: Int32Array, mutex: Mutex, watch?: () => void): Generator<unknown, Part> {
  const before = Thread.current.stats
  const part: Omit<Part, 'stats'> = { table: createTable(), files: 0, bytes: 0, words: 0, binary: 0, unreadable: [] }
  const files = paths === '' ? [] : paths.split('\0')
  const buffer = new Uint8Array(LARGEST)

  for (;;) {
    yield* fiber.lock(mutex)
    const [from, to] = take(files.length, shared)
    mutex.unlock()
    if (from === to) return { ...part, stats: since(before, Thread.current.stats) }
    const bytes = part.bytes
    for (let i = from; i < to; i++) indexFile(files[i], buffer, part)
    Atomics.add(shared, KILOBYTES_DONE, part.bytes - bytes >>> 10)
    watch?.()
  }
}

/** Takes the next few files: few while they are large and when the end is near, up to 16 between. The caller holds the mutex. */
function take(files: number, shared: Int32Array): [from: number, to: number] {
  const from = shared[NEXT]
  const to = Math.min(files, from + Math.min(16, 1 + (from >>> 5), 1 + (files - from >>> 4)))
  shared[NEXT] = to
  return [from, to]
}

function indexFile(path: string, buffer: Uint8Array, part: Omit<Part, 'stats'>): void {
  let length
  try {
    length = readFile(path, buffer)
  } catch {
    part.unreadable.push(path)
    return
  }
  if (!isText(buffer, length)) {
    part.binary++
    return
  }
  part.files++
  part.bytes += length
  part.words += indexWords(part.table, buffer, length)
}

// The first thread takes part in several runs.
function since(before: Stats, now: Stats): Stats {
  const earlier: Record<string, number> = before.sleepsBy
  const sleepsBy = Object.entries(now.sleepsBy).map(([wmesg, times]) => [wmesg, times - (earlier[wmesg] ?? 0)] as const)
  return {
    cpuTime: now.cpuTime - before.cpuTime, sleeps: now.sleeps - before.sleeps, wakeups: now.wakeups - before.wakeups,
    sleepsBy: Object.fromEntries(sleepsBy.filter(([, times]) => times > 0)),
  }
}
