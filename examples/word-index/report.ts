// What the program prints: one text for people, one object for programs.

import type { FileList } from './find-files.ts'
import type { RankedWord } from './merge.ts'
import type { Part } from './worker.ts'

/** One thread of a run, and what it did. */
export type ThreadReport = Pick<Part, 'files' | 'bytes' | 'stats'> & { tid: number, name: string }

/** One run over all files. */
export type Run = {
  /** Whether it also had to wait for the disk, the start of Workers and the compiler. */
  cold: boolean
  threads: ThreadReport[]
  seconds: number
  files: number
  bytes: number
  words: number
  distinct: number
  binary: number
  unreadable: string[]
  checksum: string
  top: RankedWord[]
}

/** The text for people. */
export function textReport(list: FileList, walkSeconds: number, runs: Run[]): string {
  const last = runs.at(-1)!
  return [
    `${number(last.files)} text files, ${megabytes(last.bytes)} MB, ${number(last.words)} words, ${number(last.distinct)} different ones`,
    `left out: ${number(last.binary)} binary, ${number(list.tooLarge)} larger than 8 MB, ${number(unreadable(list, last).length)} unreadable`,
    ...unreadable(list, last).slice(0, 5).map(path => `  cannot read ${path}`),
    '',
    ...times(runs),
    ...last.threads.length > 1 ? [`${'speed-up'.padEnd(16)} ${speedUp(runs).toFixed(2).padStart(6)} x  ${same(runs) ? `same index (${last.checksum})` : 'BUT THE INDEXES DIFFER'}`] : [],
    `Medians of ${runs.filter(warm(last.threads.length)).length}. Starting threads, reading and merging are in these times; finding the files, ${walkSeconds.toFixed(2)} s, is not.`,
    '',
    ...last.top.map((word, i) => topWord(word, i, last.top)),
    '',
    ...threadTable(last.threads),
  ].join('\n')
}

/** The object for programs. */
export function jsonReport(list: FileList, walkSeconds: number, runs: Run[]): string {
  const last = runs.at(-1)!
  return JSON.stringify({
    files: last.files, bytes: last.bytes, words: last.words, distinct: last.distinct,
    binary: last.binary, tooLarge: list.tooLarge, unreadable: unreadable(list, last),
    walkSeconds, speedUp: speedUp(runs), same: same(runs), top: last.top,
    runs: runs.map(({ cold, threads, seconds, checksum }) => ({ cold, seconds, checksum, threads })),
  }, null, 2)
}

/** Whether all runs made the same index. */
export function same(runs: Run[]): boolean {
  return runs.every(({ checksum, distinct, words }) =>
    checksum === runs[0].checksum && distinct === runs[0].distinct && words === runs[0].words)
}

/** '1 thread', '2 threads', '2 threads, cold' */
export function titleOf(threads: number, cold: boolean): string {
  return `${threads === 1 ? '1 thread' : `${threads} threads`}${cold ? ', cold' : ''}`
}

/** How much faster several threads were than one. */
function speedUp(runs: Run[]): number {
  return median(runs.filter(warm(1))) / median(runs.filter(warm(runs.at(-1)!.threads.length)))
}

function warm(howMany: number): (run: Run) => boolean {
  return ({ threads, cold }) => !cold && threads.length === howMany
}

function median(runs: Run[]): number {
  const seconds = runs.map(({ seconds }) => seconds).sort((a, b) => a - b), { length } = seconds
  return (seconds[length - 1 >> 1] + seconds[length >> 1]) / 2
}

function times(runs: Run[]): string[] {
  const cold = runs.filter(({ cold }) => cold), several = runs.at(-1)!.threads.length
  const kinds = [cold, ...[...new Set([1, several])].map(howMany => runs.filter(warm(howMany)))]
  const longest = Math.max(...kinds.map(median))
  return kinds.map((kind) => {
    const [{ threads, cold, bytes }] = kind, seconds = median(kind)
    const speed = `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`
    return `${titleOf(threads.length, cold).padEnd(16)} ${seconds.toFixed(2).padStart(6)} s  ${bar(seconds, longest, 40).padEnd(40)}  ${speed}`
  })
}

function topWord({ word, count, files }: RankedWord, i: number, top: RankedWord[]): string {
  const widest = Math.max(...top.map(({ word }) => word.length))
  return `${String(i + 1).padStart(4)}  ${word.padEnd(widest)} ${number(count).padStart(11)} in ${number(files).padStart(6)} files  ${bar(count, top[0].count, 30)}`
}

function threadTable(threads: ThreadReport[]): string[] {
  return [
    'thread          files       MB   cpu ms   sleeps  wake-ups  slept on',
    ...threads.map(({ tid, name, files, bytes, stats }) => [
      `${String(tid).padStart(4)} ${name.padEnd(9)}`, number(files).padStart(6), megabytes(bytes).padStart(8), stats.cpuTime.toFixed(0).padStart(8),
      number(stats.sleeps).padStart(8), number(stats.wakeups).padStart(9), ` ${sleepsBy(stats.sleepsBy)}`,
    ].join(' ')),
  ]
}

function sleepsBy(sleeps: Record<string, number>): string {
  return Object.entries(sleeps).map(([wmesg, times]) => `${wmesg} ${times}`).join(', ') || '-'
}

function unreadable(list: FileList, run: Run): string[] {
  return [...list.unreadable, ...run.unreadable]
}

function bar(value: number, of: number, width: number): string {
  return '█'.repeat(Math.max(1, Math.round(value / of * width)))
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
