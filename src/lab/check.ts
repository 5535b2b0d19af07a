// check: explores a story until a schedule fails or the budget is used up, and replays the failure.
//
// The controller starts the lab's Workers, waits, and ends them.  A Worker whose thread sleeps for ever cannot be used
// again, so a replay has new ones; that it takes exactly the same steps there is the proof that nothing escapes the lab.

import { host, labMemory, labProcessors, startLab } from '#host'
import { channel, type Port } from '../kernel/host.ts'
import { at, c, chosen, CONTROL_SIZE, Mode, open, THREADS_MAX, total } from './control.ts'
import type { Finding, LabBirth, Plan, Report } from './story.ts'
import { readSchedule, type Given } from './strategy.ts'
import { readTrace, type Step } from './trace.ts'

export interface CheckOptions {
  /** Name of the export that is the story; default: the module itself is. */
  story?: string | undefined
  /** A number for the random strategies, default 1; or a schedule as a finding prints it, which is then replayed. */
  seed?: number | string | undefined
  /** How many schedules may be run; default 10,000. */
  schedules?: number | undefined
  /** How many of them the systematic search may use; the others are random. Default: half. */
  search?: number | undefined
  /** Preemptions of the search: all schedules with 0, with 1, … up to so many. Default 2; Infinity: all schedules. */
  bound?: number | undefined
  /** Whether plain accesses are steps: of stores, of loads as well. Default 'none'. */
  plain?: 'none' | 'stores' | 'all' | undefined
  /** Steps that a schedule may take; more is a livelock. Default 20,000. */
  steps?: number | undefined
  /** What the threads are, if not what the story says: each on its own, or fibers. Default: what it says, or `1:1`. */
  model?: '1:1' | 'm:1' | 'm:n' | undefined
  /** Carriers of the fibers, if not as many as the story says. Default: what it says, or 2 under m:n. */
  carriers?: number | undefined
  /** The scheduler of the fibers, if not the story's: a name, or the URL of a module that exports one. */
  scheduler?: string | URL | undefined
  /** Called now and then. */
  progress?: ((schedules: number, steps: number) => void) | undefined
}

export interface CheckResult {
  /** True when no schedule failed. */
  ok: boolean
  schedules: number
  /** Steps of all of them. */
  steps: number
  /** Steps of the longest. */
  longest: number
  /** What the search has seen: 'all' schedules, all up to the 'bound', or neither: 'some'. */
  coverage: 'all' | 'bound' | 'some'
  /** Every schedule with so many preemptions has been run; Infinity: all there are; -1: not even those with none. */
  bound: number
  seed: number
  /** ms from the first schedule to the last. */
  time: number
  finding?: Finding
  /** The steps of the failing schedule. */
  trace?: Step[]
  /** Whether the replay took the same steps. */
  replayed?: boolean
}

/** The story cannot be run: the message says why. */
export class StoryError extends Error {}

const PLAIN = { none: 0, stores: 1, all: 2 } as const
const STALLED = 20_000                 // ms without a step

let busy: Promise<unknown> = Promise.resolve()

/**
 * Explores the story in `file` (a URL): its threads run as the real code does, one atomic operation at a time, in
 * many orders. Resolves with what was found; rejects with StoryError if there is nothing to run. What it
 * controls are the library's objects; raw reads and writes of shared memory, and `Atomics`, are not interrupted.
 */
export function check(file: URL | string, options: CheckOptions = {}): Promise<CheckResult> {
  const turn = busy.then(() => checkNow(String(file), options))
  busy = turn.catch(() => undefined)
  return turn
}

async function checkNow(file: string, options: CheckOptions): Promise<CheckResult> {
  const { seed = 1 } = options
  const given = typeof seed === 'string' ? readSchedule(seed) : undefined
  if (typeof seed === 'string' && given === undefined) throw new StoryError(`seed: "${seed}" is neither a number nor a schedule`)
  const result = await explore(file, options, given)
  if (result.finding === undefined) return result
  const again = await explore(file, options, readSchedule(result.finding.schedule)!, true)
  const { finding = result.finding } = again
  const replayed = again.finding?.hash === result.finding.hash && again.finding.steps === result.finding.steps
  return { ...result, finding, trace: readTrace(), replayed }
}

function prepare(options: CheckOptions, given: Given | undefined, tracing: boolean): void {
  const { seed = 1, schedules = 10_000, bound = 2, plain = 'none', steps = 20_000 } = options
  const { search = Math.ceil(schedules / 2) } = options
  c[at.seed] = typeof seed === 'number' ? seed : 1
  c[at.budget] = schedules
  c[at.searchBudget] = search
  c[at.bound] = bound === Infinity ? -1 : 0
  c[at.boundMax] = bound === Infinity ? -1 : bound
  c[at.limit] = steps
  c[at.plain] = given?.plain ?? PLAIN[plain]
  c[at.tracing] = tracing ? 1 : 0
  c[at.mode] = search > 0 ? Mode.SEARCH : Mode.PRIORITY
  if (given === undefined) return
  c[at.mode] = Mode.REPLAY
  c[at.bound] = given.bound
  chosen.set(given.choices)
  c[at.prefix] = given.choices.length
}

async function explore(file: string, options: CheckOptions, given: Given | undefined, tracing = false): Promise<CheckResult> {
  const { story, model, carriers, scheduler } = options
  const setting = { ...model !== undefined && { model }, carriers, scheduler: scheduler === undefined ? undefined : String(scheduler) }
  const control = labMemory(CONTROL_SIZE)
  open(control)
  prepare(options, given, tracing)
  const workers: { terminate(): Promise<unknown> }[] = []
  const ports: Port[] = []
  let watch: ReturnType<typeof setInterval> | undefined
  try {
    return await new Promise<CheckResult>((resolve, reject) => {
      let ready = 0, began = 0
      const conclude = (finding?: Finding): void => { resolve(resultOf(options, performance.now() - began, finding)) }
      const hire = (index: number, plan: Plan | undefined): void => {
        const [port1, port2] = channel()
        const birth: LabBirth = { role: 'lab', index, control, file, story, setting, processors: labProcessors(), port: port2, plan }
        ports.push(port1)
        let open = true                                                  // reading a port that has closed crashes Node
        host.listen(port1, report => { hear(report as Report) }, () => { open = false })
        workers.push(startLab(birth, tracing, error => {
          for (let got = open ? host.receive(port1) : undefined; got !== undefined; got = host.receive(port1)) hear(got.message as Report)
          reject(new StoryError(`thread ${index + 1} of the lab has ended: ${error instanceof Error ? error.message : String(error ?? 'process.exit')}`))
        }))
      }
      const hear = (report: Report): void => {
        switch (report.kind) {
          case 'plan':
            if (report.threads > THREADS_MAX) reject(new StoryError(`${report.threads} threads are more than the ${THREADS_MAX} that the lab has`))
            else for (let i = 1; i < report.threads; i++) hire(i, report)
            break
          case 'ready':
            if (++ready < Math.max(1, c[at.threads])) break
            began = performance.now()
            watch = observe(options, stalled => { reject(new StoryError(stalled)) })
            ports[0].postMessage({ kind: 'begin' })
            break
          case 'finding': conclude(report.finding); break
          case 'done': conclude(); break
          case 'failed': reject(new StoryError(report.error)); break
        }
      }
      hire(0, undefined)
    })
  } finally {
    clearInterval(watch)
    for (const port of ports) port.close()
    await Promise.all(workers.map(worker => worker.terminate()))
  }
}

// Reports progress, and a thread that runs on without a step: nothing in the lab can stop it.
function observe({ progress }: CheckOptions, stalled: (message: string) => void): ReturnType<typeof setInterval> {
  let seen = -1, since = performance.now()
  return setInterval(() => {
    progress?.(c[at.schedules], total() + c[at.steps])
    const mark = c[at.hash] ^ c[at.schedules]
    if (mark !== seen) [seen, since] = [mark, performance.now()]
    else if (performance.now() - since > STALLED) stalled(`thread ${c[at.running] + 1} runs on without using the library: an endless loop, or it waits for something that the lab does not control`)
  }, 100)
}

function resultOf({ seed = 1 }: CheckOptions, time: number, finding: Finding | undefined): CheckResult {
  const complete = c[at.complete]
  return {
    ok: finding === undefined, schedules: c[at.schedules] + (finding === undefined ? 0 : 1), steps: total() + (finding === undefined ? 0 : c[at.steps]),
    longest: Math.max(c[at.longest], c[at.steps]), coverage: complete === 2 ? 'all' : complete === 1 ? 'bound' : 'some',
    bound: complete === 2 ? Infinity : c[at.covered] - 1, seed: typeof seed === 'number' ? seed : 1, time, ...finding !== undefined && { finding },
  }
}
