// How a heap becomes a carrier: a Worker that runs threads.

import { cas, peek, poke } from '#atomics'
import { directOutput, host, importModule, watch } from '#host'
import { serve as serveThreads, installRun } from '../kernel/carrier.ts'
import { placeOf } from '../kernel/crew.ts'
import { countFailure } from '../kernel/death.ts'
import { resetCpu } from '../kernel/exit.ts'
import type { Birth } from '../kernel/host.ts'
import { textOf } from '../kernel/intern.ts'
import { installLine } from '../kernel/mail.ts'
import { exclusively } from '../kernel/output.ts'
import { attach, attached, carrierRecord, kernel, self } from '../kernel/process.ts'
import { Carrier, CarrierState, PROCESS, Process } from '../kernel/records.ts'
import type { Routine } from '../pthread/entry.ts'
import { serveCalls } from '../pthread/io.ts'
import { IO_SOURCE } from '../pthread/ring.ts'
import { run, starved, uncaught } from '../pthread/start.ts'
import type { SchedulerFactory } from '../ult/scheduler.ts'
import { isSchedulerFile, schedulerNamed, schedulerOf } from '../ult/schedulers.ts'
import { starvedFibers } from '../ult/rest.ts'
import { becomeTrampoline } from '../ult/trampoline.ts'
import { install } from './attach.ts'
import { give } from './resolve.ts'
import './index.ts'                              // arguments may be objects of the library

/** Joins the process as carrier `birth.carrier` and runs threads from now on, as long as the Worker lives. */
export function becomeCarrier(birth: Birth): void {
  attach(birth)
  self.carrier = birth.carrier
  self.tid = -self.carrier
  install()
  installLine(birth.port)
  installRun(run)
  give(IO_SOURCE, serveCalls)
  const c = carrierRecord(self.carrier)
  const exiting = (code: number): void => {
    poke(kernel, c + Carrier.errno, code)
    poke(kernel, c + Carrier.note, 1)
  }
  directOutput(exclusively)
  watch({ uncaught: uncaughtHere, starved: placeOf(self.carrier) < 0 ? starved : starvedFibers, exiting })
  poke(kernel, c + Carrier.osThread, host.osThread())
  resetCpu()
  const running = (): void => {
    if (cas(kernel, c + Carrier.state, CarrierState.BOOTING, CarrierState.RUNNING) !== CarrierState.BOOTING)
      cas(kernel, c + Carrier.state, CarrierState.REQUESTED, CarrierState.RUNNING)
  }
  if (placeOf(self.carrier) < 0) {
    running()
    host.nextTurn(serveThreads)
    return
  }
  void schedulerOfProcess().then((make) => {
    running()
    becomeTrampoline(make)
  })
}

async function schedulerOfProcess(): Promise<SchedulerFactory> {
  const name = textOf(peek(kernel, PROCESS + Process.scheduler))
  return isSchedulerFile(name) ? schedulerOf(await importModule(name), name) : schedulerNamed(name)
}

// An exception that nobody caught, in a callback: it may be any fiber's, so it is told, and none of them ends.
function uncaughtHere(error: unknown): void {
  if (placeOf(self.carrier) < 0 || peek(kernel, carrierRecord(self.carrier) + Carrier.state) !== CarrierState.RUNNING) return uncaught(error)
  countFailure()
  host.writeError(`an exception that no thread caught, on carrier ${self.carrier}:\n${error instanceof Error ? error.stack ?? error.message : String(error)}\n`)
}

/**
 * Registers the functions of a module that a factory's Worker loads (see {@link load}), and lets the Worker run
 * threads: `serve({ tally, square })`, once, at the end of the module. Throws Error outside a Worker.
 */
export function serve(functions: Readonly<Record<string, Routine>>): void {
  if (attached()) throw new Error('serve: this heap belongs to a process already; call serve first, in the module that the factory\'s Worker loads')
  for (const [name, f] of Object.entries(functions)) if (typeof f !== 'function') throw new TypeError(`serve: ${name}: ${typeof f}, not a function`)
  host.awaitBirth(birth => {
    becomeCarrier(birth)
    const factory = peek(kernel, carrierRecord(self.carrier) + Carrier.factory)
    for (const [name, f] of Object.entries(functions)) give(`f${factory}\n${name}`, f)
  })
}
