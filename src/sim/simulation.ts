// The machine at work: processors that run units, units that run threads.
//
// Between two events nothing changes but the cycles that are burnt.  A processor is in a segment: it pays what its unit
// owes, then the cycles of its thread's step, until both are 0 or a slice ends.  `proceed` is called at the end of a segment and
// does all that takes no time, until there are cycles to burn again.  What happens to another processor meanwhile (a thread wakes
// there, it shall be interrupted) is an event of that processor's, now: so no two of them proceed at once.
//
// I1  A thread is ready if and only if the scheduler of its unit holds it; running on one unit at most.
// I2  A unit is queued if and only if the kernel's scheduler of its processor holds it.
// I3  An idle processor is kicked when a unit is queued on it; an idle unit is roused when its scheduler gets a thread, or when
//     another's gets one that it may take.

import { Why } from '../ult/scheduler.ts'
import { MS, type CostName } from './costs.ts'
import { Effects } from './effects.ts'
import { Events } from './events.ts'
import { Cpu, SimThread, Unit, type Lock, type Program, type Setting } from './machine.ts'
import { randomOf } from './random.ts'
import { Tally, type CountName } from './tally.ts'
import type { World } from './workloads.ts'

/** One run; `run` may be called in portions. */
export class Simulation implements World {
  readonly setting: Setting
  readonly tally = new Tally()
  readonly cpus: Cpu[]
  readonly units: Unit[]
  readonly threads: SimThread[] = []
  readonly random: () => number
  readonly #events = new Events()
  readonly #effects: Effects
  readonly #idle = new Set<Unit>()
  readonly #initial: { program: Program, priority: number }[] = []
  #now = 0
  #proceeding: Cpu | null = null

  constructor(setting: Setting) {
    const { cpus, model, carriers, scheduler } = setting
    this.setting = setting
    this.random = randomOf(setting.seed)
    this.cpus = Array.from({ length: cpus }, (_, index) => new Cpu(index))
    const units = model === '1:1' ? cpus : carriers
    this.units = Array.from({ length: units }, (_, index) => new Unit(index, scheduler(), this.cpus[index % cpus], model === '1:1'))
    for (const unit of this.units) this.#idle.add(unit)
    this.#effects = new Effects(this)
  }

  /** Whether threads are the kernel's. */
  get kernelThreads(): boolean {
    return this.setting.model === '1:1'
  }

  now(): number {
    return this.#now
  }

  done(since: number): void {
    this.tally.latencies.add(this.#now - since)
  }

  /** The time as schedulers see it. */
  get ms(): number {
    return this.#now / MS
  }

  thread(program: Program, priority = 0): void {
    this.#initial.push({ program, priority })
  }

  /** Begins with the threads that {@link thread} was called for: neighbours are on one unit, as far as that is fair. */
  begin(): void {
    this.#initial.forEach(({ program, priority }, i) => {
      const unit = this.units[Math.floor(i * this.units.length / this.#initial.length)]
      this.enqueue(this.create(program, unit, null, priority), Why.NEW, null)
    })
  }

  /** Makes a thread that is not runnable yet. */
  create(program: Program, unit: Unit, parent: SimThread | null, priority: number): SimThread {
    const thread = new SimThread(this.threads.length + 1, program, unit, parent, priority)
    this.threads.push(thread)
    this.tally.counts.threads++
    return thread
  }

  /** Goes on until time `until`, cycles. Returns how many events that were. */
  run(until: number): number {
    let events = 0
    for (;; events++) {
      const event = this.#events.next()
      if (event === undefined) break
      if (event.time > until) {
        this.#events.add(event.time, event.cpu, event.version, event.thread)
        break
      }
      this.#now = event.time
      if (event.thread !== null) this.#effects.complete(event.thread)
      else if (event.cpu !== null && event.cpu.version === event.version) this.#proceed(event.cpu)
    }
    this.#now = until
    for (const cpu of this.cpus) this.settle(cpu)
    return events
  }

  /** At `time` the I/O of `thread` is complete. */
  announce(time: number, thread: SimThread): void {
    this.#events.add(time, null, 0, thread)
  }

  /** `unit` owes what `name` costs, `times`. */
  pay(unit: Unit, name: CostName, times = 1, counted?: CountName): void {
    const cycles = this.setting.costs[name] * times
    unit.debt += cycles
    this.tally.cycles[name] += cycles
    if (counted !== undefined) this.tally.counts[counted]++
  }

  /** Makes `thread` runnable on its unit. `from` is the unit that does it; null: an interrupt. */
  enqueue(thread: SimThread, why: number, from: Unit | null): void {
    const unit = thread.unit, { scheduler } = unit
    thread.state = 'ready'
    if (why === Why.WOKEN) scheduler.unblocked?.(thread, this.ms)
    scheduler.enqueue(thread, why, this.ms)
    if (!thread.started || this.kernelThreads || this.setting.migrate) unit.takeable.add(thread)
    if (unit.state === 'idle') {
      this.rouse(unit, from)
      return
    }
    if (unit.running !== null && this.#ahead(thread, unit.running)) {
      this.interrupt(unit, from)
    } else if (unit.takeable.size > 0 && this.#idle.size > 0 && (unit.running !== null || scheduler.runnable > 1)) {
      const [idle] = this.#idle
      this.rouse(idle, from)
    }
  }

  /** Lets `unit` choose again whom it runs. */
  interrupt(unit: Unit, from: Unit | null): void {
    unit.preempted = true
    if (unit !== from && unit.state === 'on') {
      if (from !== null && !this.kernelThreads) this.pay(from, 'syscall', 1, 'system calls')
      this.pay(unit, 'ipi', 1, 'ipis')
      this.#kick(unit.cpu)
    }
  }

  /** Wakes an idle unit. */
  rouse(unit: Unit, from: Unit | null): void {
    if (from !== null && !this.kernelThreads) this.pay(from, 'syscall', 1, 'system calls')
    this.#idle.delete(unit)
    this.queue(unit, from !== null && unit.cpu !== from.cpu)
  }

  /** Notes whether those who wait for what `thread` holds wait for one that does not run. */
  watch(thread: SimThread): void {
    for (const lock of thread.held) this.#watch(lock, lock.waiters.length > 0 && !thread.runs)
  }

  /** Notes that `lock` is free. */
  freed(lock: Lock): void {
    this.#watch(lock, false)
  }

  #watch(lock: Lock, stalled: boolean): void {
    if (stalled === lock.stalledSince >= 0) return
    if (stalled) {
      lock.stalledSince = this.#now
      this.tally.counts['lock stalls']++
    } else {
      this.tally.stalled += this.#now - lock.stalledSince
      lock.stalledSince = -1
    }
  }

  /** A unit wants a processor; `afar`: one that sleeps has to be woken by an interrupt from another. */
  queue(unit: Unit, afar: boolean): void {
    if (unit.bound === null && unit.cpu.on !== null) unit.cpu = this.cpus.find(cpu => cpu.on === null && cpu.units.runnable === 0) ?? unit.cpu
    const { cpu } = unit
    unit.state = 'queued'
    cpu.units.enqueue(unit, Why.WOKEN, this.ms)
    if (cpu.on === null && afar) this.pay(unit, 'ipi', 1, 'ipis')
    this.#kick(cpu)
  }

  /** An idle unit, if there is one: the given one rather than another. */
  idleUnit(rather: Unit): Unit | undefined {
    if (this.#idle.has(rather)) return rather
    const [unit] = this.#idle
    return unit
  }

  /** Accounts the cycles that `cpu` has burnt. */
  settle(cpu: Cpu): void {
    const elapsed = this.#now - cpu.since, unit = cpu.on
    cpu.since = this.#now
    if (unit === null || elapsed <= 0) return
    cpu.busy += elapsed
    const owed = Math.min(elapsed, unit.debt), rest = elapsed - owed, thread = unit.running
    unit.debt -= owed
    if (thread === null) return
    thread.runtime += elapsed / MS
    thread.left = Math.max(0, thread.left - rest)
    this.tally.cycles[thread.as] += rest
    if (thread.as === 'compute' || thread.as === 'packet') cpu.useful += rest
  }

  /** `thread`, which runs, sleeps from now on. */
  block(thread: SimThread): void {
    const unit = thread.unit
    thread.state = 'blocked'
    unit.running = null
    if (this.kernelThreads) this.pay(unit, 'syscall', 1, 'system calls')
    unit.scheduler.blocked?.(thread, this.ms)
  }

  /** Takes `unit` off its processor: it sleeps in the kernel. */
  blockUnit(unit: Unit): void {
    unit.state = 'blocked'
    unit.cpu.on = null
  }

  #ahead(woken: SimThread, running: SimThread): boolean {
    const unit = running.unit
    if (unit.state === 'on' && unit.cpu !== this.#proceeding) this.settle(unit.cpu)
    return unit.scheduler.preempts(woken, running)
  }

  #kick(cpu: Cpu): void {
    if (cpu === this.#proceeding) return
    this.settle(cpu)
    this.#events.add(this.#now, cpu, ++cpu.version, null)
  }

  #proceed(cpu: Cpu): void {
    this.#proceeding = cpu
    this.settle(cpu)
    for (;;) {
      const unit = cpu.on ?? this.#schedule(cpu)
      if (unit === null) break
      if (this.#now >= cpu.sliceEnd && cpu.units.runnable > 0) {
        this.#suspend(unit)
        continue
      }
      const thread = unit.running
      if (thread === null) {
        if (unit.debt > 0) {
          this.#burn(cpu, unit.debt)
          break
        }
        if (!this.#dispatch(unit)) this.#rest(unit)
        continue
      }
      if (unit.preempted) {
        if (unit.debt > 0) {
          this.#burn(cpu, unit.debt)
          break
        }
        unit.preempted = false
        if (unit.scheduler.runnable > 0) {
          this.#putBack(thread, Why.PREEMPTED, 'preemptions')
          continue
        }
      }
      if (unit.debt > 0 || thread.left > 0) {
        if (this.#now >= unit.sliceEnd) {
          this.#expire(thread)
          continue
        }
        this.#burn(cpu, Math.min(unit.debt + thread.left, unit.sliceEnd - this.#now))
        break
      }
      this.#effects.step(thread)
    }
    this.#proceeding = null
  }

  // Nothing happens for `cycles`, unless the unit's time on the processor ends before.
  #burn(cpu: Cpu, cycles: number): void {
    const most = cpu.units.runnable > 0 ? cpu.sliceEnd - this.#now : Infinity
    this.#events.add(this.#now + Math.max(0, Math.min(Math.ceil(cycles), most)), cpu, ++cpu.version, null)
  }

  // The kernel's choice of a unit for an idle processor: its own, or one that waits elsewhere.
  #schedule(cpu: Cpu): Unit | null {
    let unit = cpu.units.pick(this.ms) as Unit | null
    if (unit === null && !this.kernelThreads) {
      const busiest = this.cpus.reduce((a, b) => b.units.runnable > a.units.runnable ? b : a)
      unit = busiest.units.pick(this.ms) as Unit | null
      if (unit !== null) this.pay(unit, 'migration', 1, 'migrations')
    }
    if (unit === null) return null
    unit.cpu = cpu
    unit.state = 'on'
    if (!this.kernelThreads && cpu.lastUnit !== null) this.pay(unit, 'kernel-switch', 1, 'kernel switches')
    cpu.on = cpu.lastUnit = unit
    cpu.since = this.#now
    cpu.sliceEnd = this.#now + Math.ceil(cpu.units.slice(unit) * MS)
    if (unit.running !== null) this.watch(unit.running)
    return unit
  }

  // The kernel takes the processor from a carrier: its thread does not run, and nobody in user space knows.
  #suspend(unit: Unit): void {
    this.pay(unit, 'interrupt', 1, 'interrupts')
    unit.cpu.on = null
    unit.state = 'queued'
    unit.cpu.units.enqueue(unit, Why.EXPIRED, this.ms)
    if (unit.running !== null) this.watch(unit.running)
  }

  // The scheduler's choice of a thread.
  #dispatch(unit: Unit): boolean {
    const { scheduler } = unit
    unit.preempted = false
    const thread = (scheduler.pick(this.ms) ?? (this.#take(unit) ? scheduler.pick(this.ms) : null)) as SimThread | null
    if (thread === null) return false
    unit.takeable.delete(thread)
    unit.running = thread
    thread.state = 'running'
    if (unit.last !== thread && unit.last !== null) {
      if (this.kernelThreads) this.pay(unit, 'kernel-switch', 1, 'kernel switches')
      else this.pay(unit, 'user-switch', 1, 'user switches')
    }
    unit.last = thread
    if (thread.cpu >= 0 && thread.cpu !== unit.cpu.index) this.pay(unit, 'migration', 1, 'migrations')
    thread.cpu = unit.cpu.index
    thread.started = true
    this.watch(thread)
    this.#startSlice(thread)
    return true
  }

  // An idle unit takes threads from the one that has most to give: one of the kernel's, half of the carrier's.
  #take(unit: Unit): boolean {
    let from = unit
    for (const other of this.units) if (other.takeable.size > from.takeable.size) from = other
    if (from === unit) return false
    let count = this.kernelThreads ? 1 : from.takeable.size + 1 >> 1
    const rather = from.scheduler.victim?.() as SimThread | null | undefined
    if (rather && from.takeable.has(rather)) {
      this.#move(rather, from, unit)
      count--
    }
    for (const thread of from.takeable) {
      if (count-- === 0) break
      this.#move(thread, from, unit)
    }
    return true
  }

  #move(thread: SimThread, from: Unit, to: Unit): void {
    from.scheduler.remove(thread)
    from.takeable.delete(thread)
    thread.unit = to
    to.takeable.add(thread)
    to.scheduler.enqueue(thread, Why.NEW, this.ms)
    this.pay(to, 'miss')
    this.tally.counts.steals++
  }

  #startSlice(thread: SimThread): void {
    const unit = thread.unit
    unit.sliceEnd = this.#now + Math.ceil(unit.scheduler.slice(thread) * MS)
    unit.scheduler.started?.(thread, this.ms)
  }

  #expire(thread: SimThread): void {
    const unit = thread.unit, { scheduler } = unit
    this.pay(unit, 'interrupt', 1, 'interrupts')
    scheduler.expired?.(thread, this.ms)
    if (scheduler.runnable === 0) this.#startSlice(thread)
    else this.#putBack(thread, Why.EXPIRED, 'expired slices')
  }

  #putBack(thread: SimThread, why: number, counted: CountName): void {
    const unit = thread.unit
    unit.running = null
    this.tally.counts[counted]++
    this.enqueue(thread, why, unit)
    this.watch(thread)
  }

  /** `thread`, which runs, lets others go first. */
  giveWay(thread: SimThread): void {
    thread.unit.running = null
    this.enqueue(thread, Why.YIELDED, thread.unit)
  }

  #rest(unit: Unit): void {
    unit.state = 'idle'
    unit.cpu.on = null
    this.#idle.add(unit)
  }
}
