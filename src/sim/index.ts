// The simulator: threads of a program under the three models, on as many processors as one likes, with the schedulers of src/ult.

import type { SchedulerFactory } from '../ult/scheduler.ts'
import { COST_NAMES, costTable, MS, type CostTable } from './costs.ts'
import type { Io } from './machine.ts'
import { Simulation } from './simulation.ts'
import { CATEGORIES, COUNTS, type Category, type CountName } from './tally.ts'
import { WORKLOADS } from './workloads.ts'

export { COSTS, parseCost, type CostName, type CostTable } from './costs.ts'
export { formatResult } from './format.ts'
export { WORKLOADS } from './workloads.ts'
export type { Io } from './machine.ts'

/** The threading models. */
export const MODELS = ['1:1', 'm:1', 'm:n'] as const
export type Model = typeof MODELS[number]
/** How I/O can be done. */
export const IOS: readonly Io[] = ['blocking', 'async', 'upcalls']

/** What to simulate; see `pthreads sim --help`. */
export interface SimOptions {
  workload: string
  model: Model
  scheduler: { name: string, factory: SchedulerFactory }
  cpus?: number
  carriers?: number
  threads?: number
  ms?: number
  seed?: number
  io?: Io
  donate?: boolean
  migrate?: boolean
  costs?: Partial<CostTable>
  /** Called now and then with the part that is done, 0 to 1. */
  progress?(done: number): void
}

/** What a simulation found. Times in us, cycles as counted on all processors together. */
export interface SimResult {
  workload: string
  title: string
  operation: string
  model: Model
  scheduler: string
  io: Io
  cpus: number
  carriers: number
  threads: number
  ms: number
  seed: number
  donate: boolean
  migrate: boolean
  operations: number
  /** Operations a second. */
  throughput: number
  latency: { mean: number, p50: number, p90: number, p99: number, max: number }
  counts: Record<CountName, number>
  /** How long locks were held by threads that did not run, while others waited for them, ms. */
  stalled: number
  /** What cycles were spent on; idle ones are those that are left. */
  cycles: Record<Category | 'idle', number>
  /** For each processor the share of its time in which it did anything, and in which it served the program. */
  use: { busy: number, useful: number }[]
  /** How long the threads of the start have run, ms. */
  runtime: { least: number, mean: number, most: number }
  costs: CostTable
}

const PORTION = 200                                                       // of a simulation between two calls of progress

/** Runs a simulation. Throws a RangeError for what makes no sense. */
export function simulate(options: SimOptions): SimResult {
  const { workload: name, model, scheduler, cpus = 4, seed = 1, donate = false, migrate = false } = options
  const workload = Object.hasOwn(WORKLOADS, name) ? WORKLOADS[name] : undefined
  if (workload === undefined) throw new RangeError(`no workload "${name}": ${Object.keys(WORKLOADS).join(', ')}`)
  const carriers = carriersOf(model, cpus, options.carriers)
  const { io = model === '1:1' ? 'blocking' : model === 'm:1' ? 'async' : 'upcalls', ms = workload.ms, threads = workload.threads * cpus } = options
  if (model === '1:1' && io !== 'blocking') throw new RangeError(`under 1:1 a call that blocks is just that: io ${io} is for m:1 and m:n`)
  const costs = costTable(options.costs)
  const end = Math.round(ms * MS)
  const sim = new Simulation({ cpus, model, carriers, scheduler: scheduler.factory, io, donate, migrate, seed, costs })
  workload.start(sim, threads)
  sim.begin()
  for (let portion = 1; portion <= PORTION; portion++) {
    sim.run(Math.round(end * portion / PORTION))
    options.progress?.(portion / PORTION)
  }
  const { tally } = sim
  const used = sim.cpus.reduce((sum, { busy }) => sum + busy, 0)
  const runtimes = sim.threads.filter(({ parent }) => parent === null).map(({ runtime }) => runtime)
  return {
    workload: name, title: workload.title, operation: workload.operation, model, scheduler: scheduler.name, io, cpus, carriers,
    threads, ms, seed, donate, migrate,
    operations: tally.latencies.count, throughput: tally.latencies.count / ms * 1000, latency: tally.latencies.summary,
    counts: pick(COUNTS, tally.counts), stalled: tally.stalled / MS, cycles: { ...pick(CATEGORIES, tally.cycles), idle: cpus * end - used },
    use: sim.cpus.map(({ busy, useful }) => ({ busy: busy / end, useful: useful / end })),
    runtime: { least: Math.min(...runtimes), mean: runtimes.reduce((a, b) => a + b, 0) / runtimes.length, most: Math.max(...runtimes) },
    costs: pick(COST_NAMES, costs),
  }
}

function carriersOf(model: Model, cpus: number, carriers: number | undefined): number {
  if (model === 'm:n') return carriers ?? cpus
  const only = model === 'm:1' ? 1 : cpus
  if (carriers !== undefined && carriers !== only) throw new RangeError(`${model} has ${model === 'm:1' ? 'one carrier' : 'no carriers'}: a number of them is for m:n`)
  return only
}

function pick<K extends string>(names: readonly K[], from: Record<K, number>): Record<K, number> {
  return Object.fromEntries(names.map(name => [name, from[name]])) as Record<K, number>
}
