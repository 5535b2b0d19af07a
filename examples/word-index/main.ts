// Indexes the words of all text files under the paths given, with one thread and with as many as there are cores,
// and says what the threads gained. A cold run goes before those that are compared: it reads the files from the
// disk, starts the threads and has their code compiled, and so none of this counts for one of them only. Those are
// taken in turn, some times, and their medians compared: a machine that does other things now and then does so to both.
//
//   pthreads run build/examples/word-index/main.js -- [--threads N] [--rounds N] [--top N] [--json] [paths]
//
// How it is made: find-files.ts lists the files, the largest first. Each thread (worker.ts) takes a few at a
// time under a mutex and counts their words (index-words.ts) in a table of its own (word-table.ts). Then as many
// threads merge those tables, each one its share of the words (merge.ts). The first thread is one of them, so it
// works while the others start. That those who merge are new threads costs microseconds: the library keeps the
// Worker of a thread that has ended.

import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Mutex, Thread, fiber, load } from 'pthreads'
import { findFiles } from './find-files.ts'
import type { FileList } from './find-files.ts'
import { checksum, distinctWords, topWords } from './merge.ts'
import { hideProgress, showProgress } from './progress.ts'
import type { Progress } from './progress.ts'
import { jsonReport, same, textReport, titleOf } from './report.ts'
import type { Run } from './report.ts'
import { KILOBYTES_DONE, SHARED } from './shared.ts'
import { indexFiles, mergeShare } from './worker.ts'

type Steps<T> = Generator<unknown, T>

const worker = load<typeof import('./worker.ts')>(new URL('./worker.js', import.meta.url))

const HELP = `Usage: word-index [options] [paths]

Indexes the words of every text file under the paths (default: this package and
what it has installed), with one thread and with several.

  --threads N   how many are several (default: one for each core)
  --rounds N    how often both are timed, in turn; medians are shown (default: 3)
  --top N       how many of the most frequent words to print (default: 10)
  --json        print one JSON object
  --help        print this text`

/** Runs the program; returns its exit code. */
export function* main(args: string[]): Steps<number> {
  let options, list
  const start = performance.now()
  try {
    options = parseOptions(args)
    if (options.help) {
      console.log(HELP)
      return 0
    }
    list = findFiles(options.paths)
    if (list.files === 0) throw new Error(`no files under ${options.paths.join(', ')}`)
  } catch (error) {
    console.error(`word-index: ${(error as Error).message}`)
    return 2
  }
  const walkSeconds = (performance.now() - start) / 1000
  const results: Run[] = []
  for (let round = 0; round <= options.rounds; round++)
    for (const threads of options.threads === 1 || round === 0 ? [options.threads] : [1, options.threads]) {
      const cold = round === 0
      const progress = options.json ? hideProgress() : showProgress(titleOf(threads, cold), list.bytes / 1e6)
      results.push(yield* run(threads, cold, list, options.top, progress))
    }

  console.log((options.json ? jsonReport : textReport)(list, walkSeconds, results))
  if (same(results)) return 0
  console.error(`word-index: the indexes differ: ${results.map(({ checksum }) => checksum).join(', ')}`)
  return 1
}

/** Indexes all files with so many threads. */
function* run(howMany: number, cold: boolean, { paths }: FileList, top: number, progress: Progress): Steps<Run> {
  const start = performance.now()
  const shared = new Int32Array(new SharedArrayBuffer(SHARED * 4))
  const mutex = new Mutex({ name: 'files' })
  const watch = (): void => progress.update(shared[KILOBYTES_DONE] * 1024 / 1e6)
  const others = times(howMany - 1, i => Thread.create({ name: `index-${i + 2}` }, worker.indexFiles, paths, shared, mutex))
  const parts = [yield* indexFiles(paths, shared, mutex, watch)]
  for (const thread of others) parts.push(yield* joinWatching(thread, watch))

  const tables = parts.map(({ table }) => table)
  const mergers = times(howMany - 1, i => Thread.create({ name: `merge-${i + 2}` }, worker.mergeShare, tables, i + 1, howMany))
  mergeShare(tables, 0, howMany)
  for (const merger of mergers) yield* fiber.join(merger)
  const seconds = (performance.now() - start) / 1000
  progress.stop()

  const all = [Thread.current, ...others]
  return {
    cold,
    threads: parts.map(({ files, bytes, stats }, i) => ({ tid: all[i].tid, name: all[i].name, files, bytes, stats })),
    seconds,
    files: sum(parts.map(({ files }) => files)),
    bytes: sum(parts.map(({ bytes }) => bytes)),
    words: sum(parts.map(({ words }) => words)),
    binary: sum(parts.map(({ binary }) => binary)),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
    distinct: distinctWords(tables),
    checksum: checksum(tables),
    top: topWords(tables, top),
  }
}

/** Joins a thread; calls `watch` ten times a second while it waits. */
function* joinWatching<R>(thread: Thread<R>, watch: () => void): Steps<R> {
  for (;;)
    try {
      return yield* fiber.join(thread, 100)
    } catch (error) {
      if ((error as { code?: string }).code !== 'ETIMEDOUT') throw error
      watch()
    }
}

function parseOptions(args: string[]): { threads: number, rounds: number, top: number, json: boolean, help: boolean, paths: string[] } {
  const { values, positionals } = parseArgs({
    args, allowPositionals: true, options: {
      threads: { type: 'string', default: String(availableParallelism()) },
      rounds: { type: 'string', default: '3' },
      top: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    threads: count('--threads', values.threads!, 256),
    rounds: count('--rounds', values.rounds!, 1000),
    top: count('--top', values.top!, 100_000),
    json: values.json!,
    help: values.help!,
    paths: positionals.length > 0 ? positionals : ownFolders(),
  }
}

function count(option: string, text: string, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Error(`${option} takes a number from 1 to ${most}, not '${text}'`)
  return value
}

// All of this package but what is built in it: that comes and goes.
function ownFolders(): string[] {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('pthreads/package.json')))
  return readdirSync(folder).filter(name => name !== 'build' && name !== '.git').map(name => join(folder, name))
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

function sum(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
