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
  stats: Thread['stats']
}

/** Indexes files from `paths` (NUL between any two) until the threads of this run have taken all. */
export function* indexFiles(paths: string, shared: Int32Array, mutex: Mutex): Generator<unknown, Part> {
  const part: Omit<Part, 'stats'> = { table: createTable(), files: 0, bytes: 0, words: 0, binary: 0, unreadable: [] }
  const files = paths === '' ? [] : paths.split('\0')
  const buffer = new Uint8Array(LARGEST)

  for (;;) {
    yield* fiber.lock(mutex)
    const [from, to] = take(files.length, shared)
    mutex.unlock()
    if (from === to) return { ...part, stats: Thread.current.stats }
    const before = part.bytes
    for (let i = from; i < to; i++) indexFile(files[i], buffer, part)
    Atomics.add(shared, KILOBYTES_DONE, part.bytes - before >>> 10)
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
