// The process and its threads as a table, for people.

import type { ProcessInfo } from '../api/threads.ts'
import type { ThreadInfo } from '../pthread/threads.ts'

const LONGEST = 40

/** The process in a line. */
export function processLine({ pid, ppid, state, threads, parked, cpuTime, resident, memoryUsed, memoryMax }: ProcessInfo): string {
  return `pid ${pid}  parent ${ppid}  ${state}  ${threads} ${threads === 1 ? 'thread' : 'threads'}  ${parked} parked  cpu ${duration(cpuTime)}  resident ${size(resident)}  `
    + `user memory ${size(memoryUsed)} of ${size(memoryMax)}`
}

/** A line per thread under a line of headings, `most` at most. `share`: how much of a processor each takes, in percent. */
export function threadTable(threads: readonly ThreadInfo[], most = Infinity, share?: ReadonlyMap<number, number>): string {
  const head = ['tid', 'name', 'state', 'waits for', 'held by', ...share === undefined ? [] : ['%cpu'], 'cpu', 'for', 'sleeps', 'wake-ups']
  const rows = [head, ...threads.slice(0, most).map(thread => row(thread, share))]
  const widths = head.map((_, column) => Math.max(...rows.map(cells => cells[column].length)))
  const lines = rows.map(cells => cells.map((cell, column) => column === 0 || column > 4 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])).join('  ').trimEnd())
  if (threads.length > most) lines.push(`and ${threads.length - most} more`)
  return `${lines.join('\n')}\n`
}

function row(thread: ThreadInfo, share: ReadonlyMap<number, number> | undefined): string[] {
  const { tid, name, state, ended, waitsFor, awaits, cpuTime, elapsed, sleeps, wakeups } = thread
  const wait = waitsFor ?? awaits.at(0)
  const does = waitsFor !== undefined ? `sleeps on ${waitsFor.reason}` : state === 'exited' ? ended : wait !== undefined ? `awaits ${wait.reason}` : state
  const holders = wait?.reason === 'join' ? [] : wait?.holders ?? []
  return [
    String(tid), short(name), does, short(wait?.object ?? ''), holders.join(', '),
    ...share === undefined ? [] : [(share.get(tid) ?? 0).toFixed(1)], duration(cpuTime), duration(elapsed), String(sleeps), String(wakeups),
  ]
}

function short(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`
}

/** A time in ms, for people; `?` if it is not known. */
export function duration(ms: number | null): string {
  if (ms === null || Number.isNaN(ms)) return '?'
  return ms < 10_000 ? `${Math.max(0, ms).toFixed(0)} ms` : `${(ms / 1000).toFixed(0)} s`
}

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let unit = 0
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024
  return `${unit === 0 || bytes >= 100 ? bytes.toFixed(0) : bytes.toFixed(1).replace(/\.0$/, '')} ${units[unit]}`
}
