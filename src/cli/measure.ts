// A simulated case on this machine: the same workload, model, scheduler and number of processors, for real.

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { SimOptions } from '../sim/index.ts'

/** What was measured; times in us. */
export interface Measured { operations: number, throughput: number, p50: number, p99: number, ms: number }

const RUNNABLE = ['messaging', 'cpu', 'producer-consumer', 'fork-join']
const WHY_NOT: Readonly<Record<string, string>> = {
  'lock-convoy': 'user-level threads in JavaScript are not preempted while they hold a lock',
  'bursty-io': 'no packets arrive here',
}
const LEAST = 300, MOST_KERNEL_THREADS = 64

/** Runs the case. Throws a RangeError where this machine, or JavaScript, cannot. */
export async function measure({ workload, model, cpus = 1, carriers, threads = 1, ms = 1 }: SimOptions, scheduler: string): Promise<Measured> {
  if (!RUNNABLE.includes(workload)) throw new RangeError(`--measure ${workload}: ${WHY_NOT[workload]}; ${RUNNABLE.join(', ')} can be measured`)
  if (cpus > availableParallelism()) throw new RangeError(`--measure: this machine has ${availableParallelism()} processors, not ${cpus}`)
  if (model === '1:1' && threads > MOST_KERNEL_THREADS) throw new RangeError(`--measure: ${threads} threads would be ${threads} Workers: up to ${MOST_KERNEL_THREADS} can be measured under 1:1`)
  const time = Math.max(LEAST, ms)
  const command = [
    ...cpus < availableParallelism() ? pinned(cpus) : [], process.execPath, fileURLToPath(new URL('main.js', import.meta.url)), 'run', '--model', model,
    ...model === 'm:n' ? ['--carriers', String(carriers ?? cpus)] : [], ...model === '1:1' ? [] : ['--scheduler', scheduler],
    fileURLToPath(new URL('measured.js', import.meta.url)), '--', workload, String(threads), String(time),
  ]
  const { code, stdout } = await output(command)
  if (code !== 0) throw new Error(`--measure: the program ended with ${code}`)
  const { operations, p50, p99 } = JSON.parse(stdout) as { operations: number, p50: number, p99: number }
  return { operations, throughput: operations / time * 1000, p50, p99, ms: time }
}

// A command that keeps the next one on `cpus` of the processors that this process may use.
function pinned(cpus: number): string[] {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  if (list === undefined || spawnSync('taskset', ['--version']).status !== 0) throw new RangeError(`--measure: no taskset here, so nothing keeps a program on ${cpus} processors`)
  const all = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  return ['taskset', '-c', all.slice(0, cpus).join(',')]
}

function output([program, ...args]: string[]): Promise<{ code: number | null, stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
    child.on('error', reject).on('close', (code) => { resolve({ code, stdout }) })
  })
}

/** Both results, side by side. */
export function formatMeasured(simulated: { throughput: number, latency: { p50: number, p99: number } }, measured: Measured): string {
  const rate = (n: number): string => Math.round(n).toLocaleString('en'), us = (n: number): string => `${n.toFixed(2)} us`
  const rows = [
    ['', 'simulated', 'measured here'], ['a second', rate(simulated.throughput), rate(measured.throughput)],
    ['latency p50', us(simulated.latency.p50), us(measured.p50)], ['latency p99', us(simulated.latency.p99), us(measured.p99)],
  ]
  return `\n${rows.map(([title, a, b]) => `  ${title.padEnd(12)} ${a.padStart(14)} ${b.padStart(14)}`.trimEnd()).join('\n')}\n`
}
