// The spawner: one Worker in kthreadd's role.  It runs no user code and never blocks.
//
// It is the parent of every carrier, because a Worker that ends takes its own children with it; carriers
// therefore have none.  It starts carriers on request, sees their deaths while every other thread may be
// blocked, and keeps what heaps leave for each other (office.ts).  It is no manager thread: a create from the cache,
// an exit and a join never come here.

import { cas, exchange, load, peek, poke, store, suspendAsync } from '#atomics'
import { acquire, becomeImpatient, release } from '../mem/lock.ts'
import { startBeat, stopBeat } from './beat.ts'
import { eventually, locked, reap, Reason, refuse, type Death, type Heirs } from './death.ts'
import { placeOf } from './crew.ts'
import { EAGAIN } from './errno.ts'
import { wake } from './futex.ts'
import { channel, host, type Birth, type Ending } from './host.ts'
import { launch_locked } from './launch.ts'
import { installLine } from './mail.ts'
import { forgetMemory, knowMemory } from './memories.ts'
import { PostOffice } from './office.ts'
import { buffers, carrierRecord, kernel, record, SPAWNER_READY } from './process.ts'
import { Carrier, CarrierState, FIRST, PROCESS, Process, SPAWNER, ThreadRecord } from './records.ts'
import { expire, notify } from './timer.ts'

const office = new PostOffice({ terminate, adopted, eventually, memory: (id, storage) => { knowMemory(id, storage) }, beat: startBeat, forget })
const workers = new Map<number, { terminate(): void }>()
let heirs: Heirs
let hostModule: string | undefined

/** The spawner's life. `port` is the line to the first heap; `heirs` the library's part in a death. */
export async function spawner(birth: Birth, toHeirs: Heirs): Promise<never> {
  heirs = toHeirs
  becomeImpatient()
  installLine(office.counter())
  hostModule = birth.hostModule
  office.open(FIRST, birth.port, () => undefined)
  store(kernel, PROCESS + Process.spawner, SPAWNER_READY)
  for (;;) {
    const seen = load(kernel, PROCESS + Process.doorbell)
    drain()
    heirs.rung()
    tick()
    await suspendAsync(kernel, PROCESS + Process.doorbell, seen)
  }
}

let timer: ReturnType<typeof setTimeout> | undefined
const LONGEST = 2 ** 31 - 1

// Timers that are due expire; looks again when the next one is, or when the doorbell rings.
function tick(): void {
  eventually(() => {
    clearTimeout(timer)
    const due: number[] = []
    const ms = expire(due)
    for (const n of due) eventually(locked(() => { notify(n, (entry, value) => { launch_locked(entry, slot => heirs.argument(slot, value)) }) }))
    if (ms !== Infinity) timer = setTimeout(tick, Math.min(LONGEST, Math.ceil(Math.max(0, ms))))
  })
}

function drain(): void {
  for (let n = exchange(kernel, PROCESS + Process.requests, 0); n !== 0;) {
    const next = peek(kernel, carrierRecord(n) + Carrier.request)
    startCarrier(n)
    n = next
  }
}

function startCarrier(n: number): void {
  const c = carrierRecord(n)
  const [port1, port2] = channel()
  const birth: Birth = { ...buffers(), role: 'carrier', carrier: n, port: port2, hostModule }
  const limits = { heap: peek(kernel, c + Carrier.heap), stack: peek(kernel, c + Carrier.stack) }
  try {
    workers.set(n, host.startCarrier(birth, limits, ending => { gone(n, ending) }))
    office.open(n, port1, () => undefined)
    cas(kernel, c + Carrier.state, CarrierState.REQUESTED, CarrierState.BOOTING)
  } catch {
    port1.close()
    poke(kernel, c + Carrier.errno, EAGAIN)
    if (placeOf(n) >= 0) return refuse(n, heirs)
    store(kernel, c + Carrier.state, CarrierState.REFUSED)                // before the mailbox is looked at: see clone.ts, takeBack
    if (load(kernel, c + Carrier.job) !== 0) refuse(n, heirs)
  }
  eventually(() => { wake(kernel, c + Carrier.state, Infinity) })
}

function forget(memory: number): void {
  stopBeat(memory)
  forgetMemory(memory)
}

// A Worker that a factory made is not our child: the end of its line tells its end.
function adopted(n: number, serial: number): () => void {
  return () => {
    if (peek(kernel, carrierRecord(n) + Carrier.serial) === serial) gone(n, { code: -1 })
  }
}

function gone(n: number, ending: Ending): void {
  workers.delete(n)
  office.close(n, peek(kernel, carrierRecord(n) + Carrier.serial))
  reap(n, deathOf(n, ending), heirs, drain)
}

function deathOf(n: number, { code, error }: Ending): Death {
  const c = carrierRecord(n)
  const note = peek(kernel, c + Carrier.note)
  if ((error as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') return { reason: Reason.OUT_OF_MEMORY, code, error }
  if (peek(kernel, c + Carrier.doomed) !== 0) return { reason: Reason.TERMINATED, code }
  if (load(kernel, c + Carrier.state) <= CarrierState.BOOTING) return { reason: Reason.NEVER_STARTED, code, error }
  if (note > 0) return { reason: Reason.CALLED_EXIT, code: peek(kernel, c + Carrier.errno) }
  if (error !== undefined) return { reason: Reason.UNCAUGHT, code, error }
  return { reason: Reason.TERMINATED, code }
}

// The Worker may have gone on to another thread by now: it is doomed only while it runs this one.
function terminate(slot: number, serial: number): void {
  const t = record(slot)
  eventually(() => {
    acquire(kernel, PROCESS + Process.tableLock, SPAWNER)
    const n = peek(kernel, t + ThreadRecord.serial) === serial ? peek(kernel, t + ThreadRecord.carrier) : 0
    const c = carrierRecord(n)
    const runs = n !== 0 && workers.has(n) && (peek(kernel, c + Carrier.thread) === slot || peek(kernel, c + Carrier.next) === slot)
    if (runs) poke(kernel, c + Carrier.doomed, 1)
    release(kernel, PROCESS + Process.tableLock)
    if (runs) workers.get(n)?.terminate()
  })
}
