// What the steps of threads do, and what they cost.

import { Why } from '../ult/scheduler.ts'
import type { Channel, Lock, SimThread, Step, Unit } from './machine.ts'
import type { Simulation } from './simulation.ts'

/** The steps of a simulation's threads. */
export class Effects {
  readonly #sim: Simulation

  constructor(simulation: Simulation) {
    this.#sim = simulation
  }

  /** The step of `thread`, which runs, takes effect; or it begins the next. */
  step(thread: SimThread): void {
    const step = thread.step
    if (step !== null) {
      thread.step = null
      this.#effect(thread, step)
      return
    }
    const next = thread.program.next()
    if (next.done) this.#end(thread)
    else this.#begin(thread, next.value)
  }

  /** The I/O of `thread` is complete. */
  complete(thread: SimThread): void {
    const sim = this.#sim, { unit } = thread
    sim.pay(unit, 'interrupt', 1, 'interrupts')
    if (unit.state === 'blocked') {
      sim.queue(unit, false)
      return
    }
    if (sim.kernelThreads) {
      this.#wake(thread, null)
      return
    }
    if (sim.setting.io === 'upcalls') sim.pay(unit, 'upcall', 1, 'upcalls')
    else sim.pay(unit, 'syscall', 1, 'system calls')
    this.#wake(thread, null)
  }

  // What is to be paid before the effect.
  #begin(thread: SimThread, step: Step): void {
    const sim = this.#sim, { unit } = thread
    thread.step = step
    thread.left = 0
    thread.as = 'compute'
    switch (step.do) {
      case 'compute':
        thread.as = step.as ?? 'compute'
        thread.left = step.as === 'packet' ? sim.setting.costs.packet : step.cycles
        break
      case 'yield':
        if (sim.kernelThreads) sim.pay(unit, 'syscall', 1, 'system calls')
        break
      case 'send':
        sim.pay(unit, 'l3', step.to.lines)
        break
      case 'lock':
        sim.pay(unit, step.lock.cpu < 0 || step.lock.cpu === unit.cpu.index ? 'l3' : 'miss')
        break
      case 'fork':
        sim.pay(unit, sim.kernelThreads ? 'kernel-thread' : 'user-thread', step.count)
        break
      case 'io':
        if (sim.kernelThreads) break
        sim.pay(unit, 'syscall', 1, 'system calls')
        if (sim.setting.io === 'async') sim.pay(unit, 'syscall', 1, 'system calls')
        break
      case 'receive': case 'unlock': case 'join':
        sim.pay(unit, 'l3')
    }
  }

  #effect(thread: SimThread, step: Step): void {
    const sim = this.#sim
    switch (step.do) {
      case 'compute': return
      case 'yield': return sim.giveWay(thread)
      case 'send': return this.#send(thread, step, step.to)
      case 'receive': return this.#receive(thread, step, step.from)
      case 'lock': return this.#lock(thread, step, step.lock)
      case 'unlock': return this.#unlock(thread, step.lock)
      case 'io': return this.#io(thread, step.cycles)
      case 'fork':
        for (let i = 0; i < step.count; i++) this.#fork(thread, step.make)
        return
      case 'join':
        if (thread.children === 0) return
        thread.joins = true
        sim.block(thread)
    }
  }

  #send(thread: SimThread, step: Step, channel: Channel): void {
    if (channel.messages.length >= channel.capacity) {
      channel.senders.push(thread)
      this.#again(thread, step)
      return
    }
    channel.messages.push(thread.cpu)
    this.#wakeFirst(channel.receivers, thread.unit)
  }

  #receive(thread: SimThread, step: Step, channel: Channel): void {
    const sent = channel.messages.shift()
    if (sent === undefined) {
      channel.receivers.push(thread)
      this.#again(thread, step)
      return
    }
    this.#sim.pay(thread.unit, sent === thread.cpu ? 'l3' : 'miss', channel.lines)
    this.#wakeFirst(channel.senders, thread.unit)
  }

  #lock(thread: SimThread, step: Step, lock: Lock): void {
    thread.waitsFor = null
    if (lock.holder !== null) {
      thread.waitsFor = lock
      lock.waiters.push(thread)
      this.#again(thread, step)
      this.#sim.watch(lock.holder)
      if (this.#sim.setting.donate) this.#donate(lock.holder, thread)
      return
    }
    lock.holder = thread
    lock.cpu = thread.cpu
    thread.held.push(lock)
    thread.priority = this.#inherited(thread)
  }

  #unlock(thread: SimThread, lock: Lock): void {
    lock.holder = null
    this.#sim.freed(lock)
    thread.held.splice(thread.held.indexOf(lock), 1)
    thread.priority = this.#inherited(thread)
    this.#wakeFirst(lock.waiters, thread.unit)
  }

  // A waiter lends what it has, and at least what puts the holder before those that hold nothing anybody waits for.
  #donate(holder: SimThread, waiter: SimThread): void {
    const sim = this.#sim, priority = Math.max(1, waiter.priority)
    if (holder.priority >= priority) return
    holder.priority = priority
    sim.tally.counts.donations++
    if (holder.state === 'ready') {
      const { unit } = holder
      unit.scheduler.reprioritized?.(holder)
      if (unit.running !== null && unit.scheduler.preempts(holder, unit.running)) sim.interrupt(unit, waiter.unit)
    }
    if (holder.waitsFor?.holder) this.#donate(holder.waitsFor.holder, holder)
  }

  #inherited(thread: SimThread): number {
    let priority = thread.own
    if (this.#sim.setting.donate) {
      for (const { waiters } of thread.held) for (const waiter of waiters) priority = Math.max(priority, waiter.priority, 1)
    }
    return priority
  }

  #io(thread: SimThread, cycles: number): void {
    const sim = this.#sim
    sim.announce(sim.now() + cycles, thread)
    if (sim.kernelThreads || sim.setting.io !== 'blocking') sim.block(thread)
    else sim.blockUnit(thread.unit)
    if (!sim.kernelThreads && sim.setting.io === 'upcalls') sim.pay(thread.unit, 'upcall', 1, 'upcalls')
  }

  #fork(parent: SimThread, make: () => SimThread['program']): void {
    const sim = this.#sim
    const unit = sim.kernelThreads ? sim.idleUnit(parent.unit) ?? parent.unit : parent.unit
    parent.children++
    sim.enqueue(sim.create(make(), unit, parent, parent.own), Why.NEW, parent.unit)
  }

  // The kernel frees a thread's stack: every processor that knows of it has to forget it.
  #end(thread: SimThread): void {
    const sim = this.#sim, { unit, parent } = thread
    thread.state = 'ended'
    unit.running = unit.last = null
    unit.scheduler.blocked?.(thread, sim.ms)
    if (sim.kernelThreads) {
      sim.pay(unit, 'syscall', 1, 'system calls')
      for (const other of sim.units) if (other.state === 'on') sim.pay(other, 'page-table')
    }
    if (parent === null || --parent.children > 0 || !parent.joins) return
    parent.joins = false
    this.#wake(parent, unit)
  }

  // It sleeps, and tries again when it has been woken.
  #again(thread: SimThread, step: Step): void {
    thread.step = step
    this.#sim.block(thread)
  }

  #wakeFirst(queue: SimThread[], from: Unit): void {
    const thread = queue.shift()
    if (thread !== undefined) this.#wake(thread, from)
  }

  #wake(thread: SimThread, from: Unit | null): void {
    const sim = this.#sim
    if (!sim.kernelThreads) {
      if (from !== null && from !== thread.unit) sim.pay(from, 'miss')
      sim.enqueue(thread, Why.WOKEN, from)
      return
    }
    if (from !== null) sim.pay(from, 'syscall', 1, 'system calls')
    const unit = sim.idleUnit(thread.unit) ?? thread.unit
    const why = unit === thread.unit ? Why.WOKEN : Why.NEW
    thread.unit = unit
    sim.enqueue(thread, why, from)
  }
}
