// What is wrong with a schedule, in words: who can run, who sleeps on what, who holds it.

import { woken } from '../kernel/futex.ts'
import { kernel, record, self, user } from '../kernel/process.ts'
import { State, ThreadRecord } from '../kernel/records.ts'
import { KERNEL, USER } from '../mem/memory.ts'
import { address, at, c, Doing, its, memory, state } from './control.ts'
import { nameOf, reasonOf } from './names.ts'
import { LOOP, waitsOf } from './promises.ts'
import type { Finding } from './story.ts'
import { scheduleText } from './strategy.ts'
import { me, stuck, type Verdict } from './turn.ts'

/** A fiber as reports name it. */
export interface FiberName { readonly slot: number, readonly tid: number, readonly name: string, readonly stuck: boolean }

/** Who sleeps: a thread of the lab, or a fiber; the record that it sleeps with, or 0; on what. */
interface Sleeper { readonly name: string, readonly slot: number, readonly on: string, readonly word: string }

/** The finding, when the running thread has the turn. */
export function describeFinding(verdict: Verdict, error: string | undefined, names: readonly string[], who: string, fibers: readonly FiberName[]): Finding {
  const asleep: Sleeper[] = [
    ...stuck().map(i => ({ name: names[i], slot: slotOf(i), ...sleepOf(i) })),
    ...fibers.filter(each => each.stuck).map(({ name, slot }) => ({ name, slot: sleeps(slot) ? slot : 0, ...fiberSleep(slot) })),
  ]
  const cycle = verdict === 'nobody can run' ? cycleIn(asleep) : undefined
  return {
    verdict: verdict === 'nobody can run' ? cycle === undefined ? 'lost wakeup' : 'deadlock' : verdict,
    summary: summaryOf(verdict, error, asleep, cycle, who),
    names,
    threads: [...names.map((name, i) => `${name} ${does(i)}`), ...fibers.map(fiberDoes)],
    ...error !== undefined && { error },
    schedule: scheduleText(), steps: c[at.steps], preemptions: c[at.used], hash: c[at.hash],
  }
}

function summaryOf(verdict: Verdict, error: string | undefined, asleep: readonly Sleeper[], cycle: string | undefined, who: string): string {
  switch (verdict) {
    case 'nobody can run': {
      const reasons = new Map<string, number>()
      for (const { on } of asleep) {
        reasons.set(on, (reasons.get(on) ?? 0) + 1)
      }
      const list = [...reasons].map(([reason, n]) => `${n} ${n === 1 ? 'sleeps' : 'sleep'} on ${reason}`).join(', ')
      return `no thread can run: ${list}${cycle === undefined ? '' : `; ${cycle}`}`
    }
    case 'livelock': return `${who} has taken ${c[at.limit]} steps, or polls a word that nobody will change: ${does(me)}`
    case 'irreproducible': return `${who} behaves differently when it runs again: it depends on something that the lab does not control`
    default: return `${who}: ${messageOf(error ?? '')}`
  }
}

// The message of an error's stack, on one line.
const messageOf = (stack: string): string => stack.replace(/\n +at [^]*$/, '').replaceAll(/\s*\n\s*/g, ' ').slice(0, 300)

// What thread i does.
function does(i: number): string {
  switch (c[its(state, i)]) {
    case Doing.READY: return 'has not begun'
    case Doing.RUNNABLE: return i === me ? 'runs' : 'can run'
    case Doing.ASLEEP: {
      const { on, word } = sleepOf(i)
      return `sleeps on ${on}${word === '' ? '' : ` (${word})`}`
    }
    case Doing.SPINS: return `polls ${nameOf(c[its(memory, i)], c[its(address, i)])}`
    case Doing.DEAD: return 'has died'
    default: return 'has ended'
  }
}

// What a fiber does, and on what one sleeps that can go on no more: of those that wait for a promise the record says nothing.
function fiberDoes({ slot, tid, name }: FiberName): string {
  const t = record(slot) >>> 2
  const state = kernel.i32[t + (ThreadRecord.tid >>> 2)] === tid ? kernel.i32[t + (ThreadRecord.state >>> 2)] : State.EXITED
  if (state === State.EXITED || state === State.FREE) return `${name} has ended`
  if (state === State.EMBRYO) return `${name} has not begun`
  if (state !== State.SLEEPING) return `${name} ${self.slot === slot ? 'runs' : 'has begun'}`
  const { on, word } = fiberSleep(slot)
  return `${name} sleeps on ${on} (${word})${woken(slot) ? ', and was woken' : ''}`
}

const sleeps = (slot: number): boolean => kernel.i32[(record(slot) + ThreadRecord.state) >>> 2] === State.SLEEPING

function fiberSleep(slot: number): { on: string, word: string } {
  if (!sleeps(slot)) return { on: kernel.i32[(record(slot) + ThreadRecord.state) >>> 2] === State.EMBRYO ? 'a carrier' : 'its carrier', word: '' }
  const { reason, word } = reasonOf(slot)
  return { on: reason, word }
}

// A futex sleep by its reason; any other suspension by its word.
function sleepOf(i: number): { on: string, word: string } {
  if (c[its(memory, i)] === LOOP) {
    const waits = waitsOf(i).map(({ memory, address }) => slotAt(memory, address)).filter(slot => slot !== 0).map(slot => reasonOf(slot))
    return { on: waits.length === 0 ? 'its event loop' : waits.map(({ reason }) => reason).join(', '), word: waits.map(({ word }) => word).join(', ') }
  }
  const slot = slotOf(i)
  if (slot !== 0) {
    const { reason, word } = reasonOf(slot)
    return { on: reason, word }
  }
  return { on: nameOf(c[its(memory, i)], c[its(address, i)]), word: '' }
}

// The record whose park word thread i sleeps on; 0 if it is another word.
function slotOf(i: number): number {
  return c[its(state, i)] === Doing.ASLEEP ? slotAt(c[its(memory, i)], c[its(address, i)]) : 0
}

function slotAt(memory: number, address: number): number {
  if (memory !== KERNEL) return 0
  for (let slot = 1; slot < 64; slot++) {
    if (record(slot) + ThreadRecord.park !== address) continue
    return kernel.i32[(record(slot) + ThreadRecord.state) >>> 2] === State.SLEEPING ? slot : 0
  }
  return 0
}

// A cycle of threads that wait for each other's mutexes.
function cycleIn(asleep: readonly Sleeper[]): string | undefined {
  const edges = new Map<Sleeper, { to: Sleeper, text: string }>()
  for (const each of asleep) {
    const { slot, name } = each
    if (slot === 0) continue
    const { reason, memory: id, address: a, word } = reasonOf(slot)
    if (reason !== 'mutex' || id !== USER) continue
    const owner = asleep.find(other => other.slot !== 0 && kernel.i32[(record(other.slot) + ThreadRecord.tid) >>> 2] === user.i32[(a >>> 2) + 1])
    if (owner !== undefined) edges.set(each, { to: owner, text: `${name} waits for ${word.replace(/\.\w+$/, '')}, which ${owner.name} holds` })
  }
  for (const from of edges.keys()) {
    const path: string[] = []
    for (let edge = edges.get(from); edge !== undefined && path.length <= edges.size; edge = edges.get(edge.to)) {
      path.push(edge.text)
      if (edge.to === from) return path.join(', ')
    }
  }
  return undefined
}
