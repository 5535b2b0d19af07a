// pthreads ps PID, pthreads top PID: what a running program's threads do.

import { emitKeypressEvents } from 'node:readline'
import type { ThreadInfo } from '../pthread/threads.ts'
import { ask, NoAnswer } from './control.ts'
import { render, type Snapshot } from './summary.ts'

/** Prints the threads of program `pid` once; sets the exit code. */
export async function ps(pid: number, { json = false }: { json?: boolean }): Promise<void> {
  try {
    const snapshot = await ask(pid)
    process.stdout.write(json ? `${JSON.stringify(snapshot, undefined, 2)}\n` : render(snapshot))
  } catch (error) {
    refuse('ps', error)
  }
}

/** Prints the threads of program `pid` every `interval` seconds, the busiest first, until it ends, `count` tables are printed, or somebody presses q. */
export async function top(pid: number, { interval = 1, count = Infinity }: { interval?: number, count?: number }): Promise<void> {
  let last: Snapshot
  try {
    last = await ask(pid)
  } catch (error) {
    refuse('top', error)
    return
  }
  const screen = process.stdout.isTTY ? new Screen() : undefined
  try {
    let seen = performance.now()
    for (let shown = 0; shown < count; shown++) {
      await (screen?.pause(interval * 1000) ?? new Promise(resolve => setTimeout(resolve, interval * 1000)))
      if (screen?.closed) break
      const next = await ask(pid)
      const now = performance.now()
      const share = shares(last.threads, next.threads, now - seen)
      const text = render({ ...next, threads: busiest(next.threads, share) }, screen?.rows, share)
      if (screen === undefined) process.stdout.write(`${shown === 0 ? '' : '\n'}${text}`)
      else screen.show(text)
      last = next
      seen = now
    }
  } catch (error) {
    screen?.close()
    if (!(error instanceof NoAnswer)) throw error
    process.stdout.write(`${pid}: the program has ended\n`)
  } finally {
    screen?.close()
  }
}

function refuse(command: string, error: unknown): void {
  if (!(error instanceof NoAnswer)) throw error
  process.stderr.write(`pthreads ${command}: ${error.message}\n`)
  process.exitCode = 1
}

// Percent of a processor that each thread used between two snapshots.
function shares(before: readonly ThreadInfo[], after: readonly ThreadInfo[], ms: number): Map<number, number> {
  const used = new Map(before.map(({ tid, cpuTime }) => [tid, cpuTime]))
  return new Map(after.map(({ tid, cpuTime }) => [tid, Math.max(0, (cpuTime - (used.get(tid) ?? 0)) / ms * 100)]))
}

function busiest(threads: readonly ThreadInfo[], share: ReadonlyMap<number, number>): ThreadInfo[] {
  const of = ({ tid }: ThreadInfo): number => share.get(tid) ?? 0
  return [...threads].sort((a, b) => of(b) - of(a) || b.cpuTime - a.cpuTime || a.tid - b.tid)
}

/** The terminal, while top has it: the other screen, and keys. */
class Screen {
  closed = false
  #wake: () => void = () => undefined

  constructor() {
    process.stdout.write('\x1b[?1049h\x1b[?25l')
    if (!process.stdin.isTTY) return
    emitKeypressEvents(process.stdin)
    process.stdin.setRawMode(true)
    process.stdin.on('keypress', (_, key: { name?: string, ctrl?: boolean }) => {
      if (key.name === 'q' || (key.ctrl === true && key.name === 'c')) this.close()
    })
  }

  /** How many threads fit. */
  get rows(): number {
    return Math.max(1, process.stdout.rows - 4)
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  show(text: string): void {
    const { columns, rows } = process.stdout
    const lines = text.trimEnd().split('\n').slice(0, rows - 1).map(line => line.slice(0, columns))
    process.stdout.write(`\x1b[H${lines.map(line => `${line}\x1b[K\n`).join('')}\x1b[J`)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    process.stdout.write('\x1b[?25h\x1b[?1049l')
    if (process.stdin.isTTY) process.stdin.setRawMode(false)
    process.stdin.pause()
    this.#wake()
  }
}
