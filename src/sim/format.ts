// The result of a simulation, for people.

import { COSTS } from './costs.ts'
import type { SimResult } from './index.ts'
import { CATEGORIES, COUNTS, type Category } from './tally.ts'

const BAR = 40
const ROWS = 16                                                           // of processors: more of them share a row

/** The result as lines. */
export function formatResult(r: SimResult): string {
  const lines = [
    `${r.workload}: ${r.title}`,
    `${plural(r.threads, 'thread')}, ${plural(r.cpus, 'processor')}, ${r.model}${r.model === '1:1' ? '' : ` on ${plural(r.carriers, 'carrier')}`}, ${r.scheduler}, `
    + `I/O ${r.io}${r.donate ? ', donation' : ''}${r.migrate ? ', started threads migrate' : ''}, ${r.ms} ms, seed ${r.seed}`,
    '',
    `${r.operation}:  ${whole(r.operations)}, ${whole(r.throughput)} a second`,
    ...r.operations === 0 ? [] : [`latency:  mean ${us(r.latency.mean)}  p50 ${us(r.latency.p50)}  p90 ${us(r.latency.p90)}  p99 ${us(r.latency.p99)}  max ${us(r.latency.max)}`],
    `each thread ran:  ${r.runtime.least.toFixed(2)} to ${r.runtime.most.toFixed(2)} ms, mean ${r.runtime.mean.toFixed(2)}`,
    ...r.stalled === 0 ? [] : [`locks were held by threads that did not run, while others waited:  ${r.stalled.toFixed(2)} ms`],
    '',
    ...table(COUNTS.filter(name => r.counts[name] > 0).map(name => [name, whole(r.counts[name])])),
    '',
    ...cycleLines(r),
    '',
    ...useLines(r),
  ]
  return `${lines.join('\n')}\n`
}

function cycleLines(r: SimResult): string[] {
  const all = Object.values(r.cycles).reduce((a, b) => a + b, 0)
  const row = (name: Category | 'idle'): string[] =>
    [name, `${(r.cycles[name] / all * 100).toFixed(1)} %`, bar(r.cycles[name] / all), name in COSTS ? COSTS[name as keyof typeof COSTS].pays : '']
  const spent = CATEGORIES.filter(name => r.cycles[name] > 0).sort((a, b) => r.cycles[b] - r.cycles[a])
  return table([['cycles', '', '', ''], ...spent.map(row), row('idle')])
}

function useLines(r: SimResult): string[] {
  const each = Math.ceil(r.cpus / ROWS)
  const rows: string[][] = [['processor', 'useful', 'busy', '']]
  for (let first = 0; first < r.cpus; first += each) {
    const group = r.use.slice(first, first + each)
    const mean = (of: 'busy' | 'useful'): number => group.reduce((sum, use) => sum + use[of], 0) / group.length
    const useful = Math.round(mean('useful') * BAR), busy = Math.max(useful, Math.round(mean('busy') * BAR))
    rows.push([
      group.length === 1 ? String(first) : `${first}-${first + group.length - 1}`, percent(mean('useful')), percent(mean('busy')),
      '█'.repeat(useful) + '▒'.repeat(busy - useful) + '·'.repeat(Math.max(0, BAR - busy)),
    ])
  }
  return table(rows)
}

function table(rows: readonly string[][]): string[] {
  const widths = rows.reduce((most, row) => row.map((cell, column) => Math.max(cell.length, most[column] ?? 0)), [] as number[])
  const right = (cell: string, column: number): boolean => column > 0 && /^[\d,.]+( %)?$|^useful$|^busy$/.test(cell)
  return rows.map(row => `  ${row.map((cell, column) => right(cell, column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])).join('  ')}`.trimEnd())
}

function bar(share: number): string {
  return '█'.repeat(Math.round(share * BAR))
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

function whole(n: number): string {
  return Math.round(n).toLocaleString('en')
}

function us(time: number): string {
  return time < 1000 ? `${time.toFixed(2)} us` : `${(time / 1000).toFixed(2)} ms`
}

function plural(n: number, noun: string): string {
  return `${whole(n)} ${noun}${n === 1 ? '' : 's'}`
}
