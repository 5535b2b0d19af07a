// The threads of this process as a table, for people.

import { load, peek } from '#atomics'
import { Thread } from '../api/thread.ts'
import { kernel, record } from '../kernel/process.ts'
import { Flag, State, ThreadRecord } from '../kernel/records.ts'
import { lastSlot } from '../kernel/thread.ts'
import { nameOf } from '../pthread/obituary.ts'

const MOST = 50

/** A line per thread that has not been joined, fifty at most. */
export function summary(): string {
  const rows = [['tid', 'name', 'state', 'for', 'sleeps', 'wake-ups']]
  let left = 0
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot)
    const flags = peek(kernel, t + ThreadRecord.flags)
    if (load(kernel, t + ThreadRecord.state) === State.FREE || (flags & (Flag.ASYNC | Flag.HOST)) !== 0) continue
    if (rows.length > MOST) left++
    else rows.push(row(slot))
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map(cells => cells[column].length)))
  const lines = rows.map(cells => cells.map((cell, column) => column === 0 || column > 2 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])).join('  ').trimEnd())
  if (left > 0) lines.push(`and ${left} more`)
  return `${lines.join('\n')}\n`
}

function row(slot: number): string[] {
  const t = record(slot)
  const tid = peek(kernel, t + ThreadRecord.tid)
  const thread = Thread.of(slot, peek(kernel, t + ThreadRecord.serial), tid, nameOf(slot))
  const { elapsed, sleeps, wakeups, waitsFor } = thread.stats
  return [String(tid), thread.name, waitsFor === '' ? thread.state : `sleeps on ${waitsFor}`, seconds(elapsed), String(sleeps), String(wakeups)]
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(0)} s`
}
