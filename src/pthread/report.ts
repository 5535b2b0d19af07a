// Reports for people: the threads that wait for each other, and a process in which all sleep.

import { ThreadRecord } from '../kernel/records.ts'
import type { Snapshot } from '../kernel/snapshot.ts'
import { Namer, describeThreads, type ThreadInfo, type WaitInfo } from './threads.ts'
import { cycles, type Wait } from './waits.ts'

/** A thread of a deadlock. */
export interface DeadlockedThread {
  readonly thread: ThreadInfo
  /** What it holds, that the thread before it in the cycle waits for, in words; `its end`, when that one joins it. */
  readonly holds: string
  /** What it waits for, which the next thread in the cycle holds. */
  readonly waitsFor: WaitInfo
}

/** The deadlocks among the threads in `all`. */
export function deadlocksAmong(all: readonly Snapshot[]): DeadlockedThread[][] {
  const found = cycles(all)
  return found.length === 0 ? [] : describeCycles(all, found)
}

/** Cycles, typed and in words. */
export function describeCycles(all: readonly Snapshot[], found: readonly (readonly Wait[])[]): DeadlockedThread[][] {
  const namer = new Namer()
  const threads = new Map(describeThreads(all, namer).map(thread => [thread.tid, thread]))
  return found.map(cycle => cycle.map((wait, i) => {
    const before = cycle[(i + cycle.length - 1) % cycle.length]
    return {
      thread: threads.get(wait.by.word(ThreadRecord.tid))!,
      holds: before.reason === 'join' ? 'its end' : namer.object(before),
      waitsFor: namer.wait(wait),
    }
  }))
}

const MOST = 50

/** The report of a cycle among `threads`. */
export function cycleReport(cycle: readonly DeadlockedThread[], threads: readonly ThreadInfo[]): string {
  const inside = new Set(cycle.map(({ thread }) => thread.tid))
  const rows = cycle.map(({ thread, holds, waitsFor }) => ({
    thread, cells: [`tid ${thread.tid}`, thread.name, holds === 'its end' ? 'has to end' : `holds ${holds}`, `waits for ${waitsFor.object}`],
  }))
  const behind = threads.filter(({ tid, waitsFor }) => !inside.has(tid) && waitsFor?.holders.some(holder => inside.has(holder)) === true)
  return [
    cycle.length === 1 ? 'deadlock: a thread waits for itself' : `deadlock: ${cycle.length} threads wait for each other`,
    ...table(rows),
    `  ${cycle.map(({ thread, waitsFor }) => `${short(thread)} -> ${waitsFor.object} -> `).join('')}${short(cycle[0].thread)}`,
    ...behind.length === 0 ? [] : ['  behind them:', ...table(behind.map(rowOf))],
    '',
  ].join('\n')
}

/** The report of a process in which all threads sleep for ever. */
export function silenceReport(threads: readonly ThreadInfo[]): string {
  const asleep = threads.filter(({ state }) => state === 'sleeping')
  return [
    `deadlock: ${asleep.length === 1 ? 'the only thread sleeps' : `all ${asleep.length} threads sleep`}, and nothing is left that could wake one`,
    ...table(asleep.map(rowOf)),
    '',
  ].join('\n')
}

function short({ tid, name }: ThreadInfo): string {
  return name === '' ? `tid ${tid}` : name
}

function rowOf(thread: ThreadInfo): Row {
  const { object = '', heldBy = '' } = thread.waitsFor ?? {}
  return { thread, cells: [`tid ${thread.tid}`, thread.name, `waits for ${object}`, heldBy === '' ? '' : `held by ${heldBy}`] }
}

interface Row { thread: ThreadInfo, cells: string[] }

// A line for each, in columns, and under it where it blocks and where it was created, if that was traced.
function table(rows: readonly Row[]): string[] {
  const shown = rows.slice(0, MOST)
  const widths = shown[0].cells.map((_, i) => Math.max(...shown.map(({ cells }) => cells[i].length)))
  const lines = shown.flatMap(({ thread, cells }) => [
    `  ${cells.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd()}`,
    ...place('waits at', thread.waitsFor?.site ?? ''),
    ...place('created at', thread.createdAt),
  ])
  return rows.length > MOST ? [...lines, `  and ${rows.length - MOST} more`] : lines
}

function place(what: string, site: string): string[] {
  return site === '' ? [] : site.split('\n').map((frame, i) => `      ${(i === 0 ? what : '').padEnd(11)} ${frame}`)
}
