// pthreads sim WORKLOAD: threads under a model, with a scheduler, on simulated processors.

import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { importModule } from '#host'
import { guarded } from '../sim/guard.ts'
import { formatResult, parseCost, simulate, type CostTable, type Io, type Model, type SimOptions } from '../sim/index.ts'
import type { SchedulerFactory } from '../ult/scheduler.ts'
import { isSchedulerFile, schedulerNamed, schedulerOf } from '../ult/schedulers.ts'
import { formatMeasured, measure } from './measure.ts'

/** Options of `pthreads sim`. */
export interface SimCommand {
  model: Model
  scheduler: string
  cpus?: number
  carriers?: number
  threads?: number
  ms?: number
  seed?: number
  io?: Io
  donate: 'on' | 'off'
  migrate: 'on' | 'off'
  cost?: string[]
  json?: boolean
  measure?: boolean
}

/** Simulates the workload, and prints what came of it; sets the exit code: 2 if it cannot be. */
export async function simulateWorkload(workload: string, options: SimCommand): Promise<void> {
  const { scheduler, cost = [], donate, migrate, json = false, measure: real = false, ...others } = options
  const show = progress()
  try {
    const costs = Object.fromEntries(cost.map(parseCost)) as Partial<CostTable>
    const setting: SimOptions = {
      ...others, ...real ? { cpus: others.cpus ?? availableParallelism() } : {},
      workload, costs, donate: donate === 'on', migrate: migrate === 'on', scheduler: { name: scheduler, factory: await factoryOf(scheduler) }, progress: show,
    }
    const result = simulate(setting)
    show()
    const measured = real ? await measure({ ...setting, threads: result.threads, ms: result.ms }, scheduler) : undefined
    if (json) process.stdout.write(`${JSON.stringify({ ...result, measured }, undefined, 2)}\n`)
    else process.stdout.write(`${formatResult(result)}${measured === undefined ? '' : formatMeasured(result, measured)}`)
  } catch (error) {
    show()
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error
    console.error(`pthreads sim: ${error.message}`)
    process.exitCode = 2
  }
}

async function factoryOf(scheduler: string): Promise<SchedulerFactory> {
  if (!isSchedulerFile(scheduler)) return schedulerNamed(scheduler)
  let module
  try {
    module = await importModule(pathToFileURL(resolve(scheduler)).href)
  } catch (error) {
    throw new TypeError(`${scheduler}: ${(error as Error).message}`, { cause: error })
  }
  return guarded(schedulerOf(module, scheduler), scheduler)
}

// A line on a terminal, from the first second on.
function progress(): (done?: number) => void {
  const began = performance.now()
  let shown = false
  return (done) => {
    if (!process.stderr.isTTY) return
    if (done === undefined) {
      if (shown) process.stderr.write('\r\x1b[K')
      return
    }
    const seconds = (performance.now() - began) / 1000
    if (seconds < 1) return
    shown = true
    process.stderr.write(`\r\x1b[K${(done * 100).toFixed(0)} % simulated, ${seconds.toFixed(0)} s`)
  }
}
