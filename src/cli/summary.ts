// What this process does, as text: for SIGQUIT, `ps`, and the end by a signal.

import { deadlocks, processInfo, threads, type ProcessInfo } from '../api/threads.ts'
import { cycleReport, type DeadlockedThread } from '../pthread/report.ts'
import type { ThreadInfo } from '../pthread/threads.ts'
import { processLine, threadTable } from './table.ts'

const MOST = 50

/** All that is told about a process: what goes over the socket, and what `ps --json` prints. */
export interface Snapshot { process: ProcessInfo, threads: ThreadInfo[], deadlocks: DeadlockedThread[][] }

/** What this process does now. */
export function take(): Snapshot {
  return { process: processInfo(), threads: threads(), deadlocks: deadlocks() }
}

/** A line per thread that has not been joined, fifty at most. */
export function summary(): string {
  return threadTable(threads(), MOST)
}

/** A snapshot for people: the process, its threads, and who waits for whom in a circle. */
export function render({ process, threads, deadlocks }: Snapshot, most = Infinity, share?: ReadonlyMap<number, number>): string {
  return `${processLine(process)}\n${threadTable(threads, most, share)}${deadlocks.map(cycle => cycleReport(cycle, threads)).join('')}`
}
