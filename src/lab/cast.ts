// The cast of a story: which Worker of the lab is what.
//
// The Workers are numbered, and so are the story's threads; without a model they are the same, but for parked carriers behind them:
//
//   Workers     threads that have one (`bodies`, by number of the thread), then carriers of fibers, the spare one, parked carriers
//   threads     1:1: each has a Worker.  m:1, m:n: those that the story calls `system`; the others are fibers (fibers.ts)
//
// Thread i of the story has record i + 1 and tid i + 1, whatever it is.

import type { SchedulerFactory } from '../ult/scheduler.ts'
import type { Story } from './story.ts'

/** What may be said of a story from outside of it. */
export interface Setting {
  /** {@link Story.model}. */
  model?: Story['model']
  /** {@link Story.carriers}. */
  carriers?: number | undefined
  /** A scheduler's name, or the URL of a module that exports one. */
  scheduler?: string | undefined
}

export interface Cast {
  /** Threads that have a Worker of the lab, in the order of these. */
  readonly bodies: readonly number[]
  /** Threads that are fibers. */
  readonly fibers: readonly number[]
  /** Workers that run fibers, the spare one not counted; 0: there are no fibers. */
  readonly carriers: number
  readonly spare: boolean
  /** Workers that are parked carriers. */
  readonly parked: number
  /** All Workers. */
  readonly workers: number
  readonly scheduler: string | SchedulerFactory
}

/** Carriers of fibers that the lab has. */
export const CARRIERS_MAX = 8

/** The cast of `story`. Throws an Error that says what it lacks. */
export function castOf(story: Story, setting: Setting): Cast {
  const { model = story.model ?? '1:1', scheduler = story.scheduler ?? 'rr' } = setting
  const all = story.threads.map((_, i) => i)
  const name = typeof scheduler === 'function' ? scheduler : String(scheduler)
  if (model === '1:1') {
    const parked = story.carriers ?? 0
    return { bodies: all, fibers: [], carriers: 0, spare: false, parked, workers: all.length + parked, scheduler: name }
  }
  const carriers = setting.carriers ?? (model === 'm:1' ? 1 : story.carriers ?? 2)
  if (!(carriers >= 1 && carriers <= CARRIERS_MAX)) throw new Error(`it has ${carriers} carriers of fibers: the lab has 1 to ${CARRIERS_MAX}`)
  const isSystem = (i: number): boolean => story.system?.includes(i) === true
  const bodies = all.filter(isSystem), fibers = all.filter(i => !isSystem(i))
  const mortal = fibers.find(i => story.mortal?.includes(i))
  if (mortal !== undefined) throw new Error(`its thread ${mortal} is a fiber, and the lab lets only threads die that are of scope system`)
  const nowhere = fibers.map(i => story.on?.[i] ?? 0).find(place => !(place >= 0 && place < carriers))
  if (nowhere !== undefined) throw new Error(`a thread of it is to run on carrier ${nowhere}: there are ${carriers}, from 0`)
  const spare = story.spare === true
  return { bodies, fibers, carriers, spare, parked: 0, workers: bodies.length + carriers + (spare ? 1 : 0), scheduler: name }
}

/** What the Workers are called. */
export function namesOf(story: Story, { bodies, carriers, parked, spare }: Cast): string[] {
  const numbered = Array.from({ length: carriers + parked }, (_, i) => `carrier ${i + 1}`)
  return [...bodies.map(i => threadName(story, i)), ...numbered, ...spare ? ['spare carrier'] : []]
}

/** What thread `i` is called: by its function. */
export function threadName({ threads }: Story, i: number): string {
  return threads[i].name === '' ? `thread ${i + 1}` : threads[i].name
}
