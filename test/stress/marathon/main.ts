// The marathon: rounds of actors that use every object and torment each other; between two rounds everything that was
// counted must agree, and nothing may be left. The parent (scripts/stress.mjs) gets what happens as messages.
//
//   main.js SECONDS SEED THREADS [GROUP]
//
// Main stays in its event loop, so it sees an actor that does nothing for a minute, and tells what all threads do.

import { Condition, configure, load, Mutex, RwLock, Semaphore, Thread } from 'pthreads'
import {
  malloc, free, memory, SA_RESTART, SA_SIGINFO, sem_unlink, SIG_BLOCK, sigaction, sigaddset, sigemptyset, sigqueue, SigSet, sigtimedwait, SIGUSR1,
  pthread_sigmask,
} from 'pthreads/posix'
import { load as read, peek, poke, store } from '#atomics'
import { render, take } from '#internal/cli/summary.js'
import { kernel, keys, KEYS, timerRecord, user } from '#internal/kernel/process.js'
import { PROCESS, Process, TimerRecord } from '#internal/kernel/records.js'
import { queuedSignals } from '#internal/kernel/signal-queue.js'
import { entryId, sourceOf } from '#internal/pthread/entry.js'
import { baseline, nothingLeft, type Baseline } from '../../leftovers.ts'
import { entries as entriesOfPools } from '../fixtures/pool-storm.ts'
import { random } from '../random.ts'
import type { Faces, Part } from './actors.ts'
import { changes, count, effort, kinds, ROW, type Kind } from './ledger.ts'
import { FACE, HUSH, OF_TIMER, ok, setStage, STOP, strike, TARGETS, TO_HANDLER, TO_WAITER } from './stage.ts'
import { closeRobust } from './victims.ts'

const [seconds, seed, wantedThreads] = process.argv.slice(2, 5).map(Number), only = process.argv[5]
const ROUND = 20, WARM_UP = 1, STUCK = Number(process.env.STUCK ?? 60)

configure({ watch: true })

const actors = load<typeof import('./actors.ts')>(new URL('./actors.js', import.meta.url))
const torment = load<typeof import('./torment.ts')>(new URL('./torment.js', import.meta.url))
const pools = load<typeof import('./pools.ts')>(new URL('./pools.js', import.meta.url))
const victims = load<typeof import('./victims.ts')>(new URL('./victims.js', import.meta.url))

interface Role { name: string, groups: string, begin: (part: Part, faces: Faces) => Thread<void>, sensitive?: boolean, sends?: boolean }
const role = (name: string, groups: string, entry: unknown, more: Partial<Role> = {}): Role =>
  ({ name, groups, begin: part => Thread.create({ name }, entry as typeof actors.locks, part), ...more })
const faced = (name: string, entry: typeof actors.usesFaces | typeof actors.promises): Role =>
  ({ name, groups: 'faces', begin: (part, faces) => Thread.create({ name }, entry as typeof actors.usesFaces, part, faces), sensitive: true })

// Who plays, in the order in which they are chosen.
const SENSITIVE = { sensitive: true }
const CAST: readonly Role[] = [
  role('locks', 'mutexes signals', actors.locks, SENSITIVE), role('locks too', 'mutexes signals', actors.locks, SENSITIVE),
  role('kills', 'deaths', torment.kills), role('survives', 'deaths', victims.survives), role('cancels', 'cancels', torment.cancels),
  role('awaits signals', 'signals', torment.awaitsSignals), role('sends', 'signals', torment.sends, { sends: true }),
  role('exchanges', 'conditions signals', actors.exchanges, SENSITIVE), role('reads and writes', 'rwlocks', actors.readsAndWrites, SENSITIVE),
  role('takes units', 'semaphores', actors.takesUnits, SENSITIVE), role('barriers', 'barriers', actors.barriers), role('breeds', 'threads', torment.breeds),
  role('timers', 'timers', torment.timers), role('pools', 'pools', pools.usesPools), faced('promises', actors.promises), faced('uses faces', actors.usesFaces),
  role('spins', 'spins', actors.spins, SENSITIVE), role('onces', 'onces', actors.onces, SENSITIVE), role('passes', 'semaphores', actors.passes, SENSITIVE),
  // the same again: they meet their likes
  role('exchanges too', 'conditions', actors.exchanges, SENSITIVE), role('reads and writes too', 'rwlocks', actors.readsAndWrites, SENSITIVE),
  role('survives too', 'deaths', victims.survives), role('cancels too', 'cancels', torment.cancels), role('awaits signals too', 'signals', torment.awaitsSignals),
  role('passes too', 'semaphores', actors.passes, SENSITIVE), role('spins too', 'spins', actors.spins, SENSITIVE),
  role('onces too', 'onces', actors.onces, SENSITIVE), faced('promises too', actors.promises), role('kills too', 'deaths', torment.kills),
]

type Tell = { kind: 'began', threads: number } | { kind: 'progress', counts: Record<string, number> } | { kind: 'hang', what: string, table: string }
  | { kind: 'ended', lost: string[], counts: Record<string, number>, rounds: number, before: MemoryUse, after: MemoryUse }
interface MemoryUse { handles: number, bytes: number, resident: number }
/** What the program tells its parent. */
export type Message = Tell

const tell = (message: Tell): Promise<void> => new Promise(resolve => process.send!(message, undefined, undefined, () => { resolve() }))
const rest = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const use = (): MemoryUse => ({ ...baseline(), resident: process.memoryUsage.rss() })

const totals = Object.fromEntries(kinds.map(kind => [kind, 0])) as Record<Kind, number>

function withRows(rows: readonly number[]): Record<Kind, number> {
  return Object.fromEntries(kinds.map(kind => [kind, rows.reduce((sum, row) => sum + count(row, kind), totals[kind])])) as Record<Kind, number>
}

function newFaces(): Faces {
  return { mutex: new Mutex({ name: 'face' }), condition: new Condition({ name: 'face' }), semaphore: new Semaphore(2, { name: 'face' }), lock: new RwLock({ name: 'face' }), word: malloc(16) }
}

interface Play { role: Role, row: number, thread: Thread<void>, ended: boolean, effort: number, since: number }

/** One round: begins the actors, lets them rage, ends them, and returns what is wrong then. */
async function round(length: number, below: (n: number) => number): Promise<string[]> {
  const stage = setStage(), faces = newFaces(), wrong: string[] = []
  const chosen = CAST.filter(({ groups }) => only === undefined || groups.split(' ').includes(only))
  const cast = Array.from({ length: only === undefined ? wantedThreads : Math.max(wantedThreads, chosen.length) }, (_, i) => chosen[i % chosen.length])
  const rows = malloc(ROW * cast.length)
  const plays: Play[] = []
  const begin = (role: Role): void => {
    const row = rows + ROW * plays.length
    const thread = role.begin({ stage, row, seed: below(2 ** 31), pid: process.pid }, faces)
    const play = { role, row, thread, ended: false, effort: 0, since: performance.now() }
    plays.push(play)
    void thread.joinAsync().catch((error: unknown) => {
      wrong.push(`"${role.name}" failed: ${error instanceof Error ? error.stack ?? error.message : String(error)}`)
    }).finally(() => { play.ended = true })
  }
  // Turns the event loop until `over`; tells what was done every second; the process ends here if an actor is stuck.
  const until = async (over: () => boolean, what?: string): Promise<void> => {
    const begun = performance.now()
    for (let told = 0; !over(); await rest(5)) {
      const time = performance.now()
      if (what !== undefined && time - begun > STUCK * 1000) await hang([...wrong, `${what}, and that for ${STUCK} s`])
      if (time - told < 500) continue
      told = time
      void tell({ kind: 'progress', counts: withRows(plays.map(({ row }) => row)) })
      for (const play of plays) {
        const now = effort(play.row)
        if (now !== play.effort || play.ended) Object.assign(play, { effort: now, since: time })
        else if (time - play.since > (STUCK + 5) * 1000) await hang([...wrong, `"${play.role.name}" (tid ${play.thread.tid}) has done nothing for ${STUCK} s`])
      }
    }
  }
  for (const role of cast) if (role.sends !== true) begin(role)
  const sensitive = cast.filter(role => role.sensitive).length
  await until(() => read(user, stage + TARGETS) === sensitive || wrong.length !== 0)
  for (const role of cast) if (role.sends === true) begin(role)

  const over = performance.now() + length * 1000
  await until(() => performance.now() >= over || wrong.length !== 0)
  store(user, stage + HUSH, 1)
  await until(() => plays.every(({ role, ended }) => ended || role.sends !== true))
  await until(() => queuedSignals() === 0 || wrong.length !== 0, 'signals are pending')
  store(user, stage + STOP, 1)
  await until(() => {
    if (plays.some(({ role, ended }) => !ended && role.groups === 'signals')) sigqueue(process.pid, TO_WAITER, 0)    // sigwaitinfo has no timeout
    return plays.every(({ ended }) => ended)
  })

  const sum = (n: number): number => plays.reduce((total, { row }) => total + changes(row, n), 0)
  wrong.push(...closeRobust(stage), ...afterwards(faces, sum(FACE)), ...strike(stage, sum))
  Object.assign(totals, withRows(plays.map(({ row }) => row)))
  free(rows)
  return wrong
}

async function hang(what: readonly string[]): Promise<never> {
  const now = take()
  const pending = now.threads.filter(({ pending }) => pending.length !== 0).map(({ tid, pending, blocked }) => `thread ${tid}: pending ${pending.join(' ')}, blocked ${blocked.join(' ')}`)
  const table = `${render(now)}pending for the process: ${now.process.pending.join(' ') || 'nothing'}\n${pending.join('\n')}`
  await tell({ kind: 'hang', what: what.join('\n'), table })
  process.exit(1)
}

// What no round may leave: faces, names, timers, keys, signals.
function afterwards(faces: Faces, changed: number): string[] {
  const wrong: string[] = []
  const note = (number: number, what: string): void => { if (number !== 0) wrong.push(`${number} ${what}`) }
  if (peek(user, faces.word) !== changed) wrong.push(`what Mutex "face" guards: ${peek(user, faces.word)}, not ${changed}`)
  if (faces.semaphore.value !== 2) wrong.push(`Semaphore "face": ${faces.semaphore.value}, not 2`)
  free(faces.word)
  for (const each of [faces.mutex, faces.condition, faces.semaphore, faces.lock]) each[Symbol.dispose]()
  for (let n = 0; n < 3; n++) sem_unlink(`/marathon ${n}`)
  if (read(kernel, PROCESS + Process.names) !== 0) wrong.push('a named semaphore is left')
  const set = malloc(SigSet.size)
  sigemptyset(user, set)
  sigaddset(user, set, TO_WAITER)
  while (sigtimedwait(user, set, {}, { tv_sec: 0, tv_nsec: 0 }) === 0);    // the ones that woke the waiters
  free(set)
  note(queuedSignals(), 'signals are queued')
  let timers = 0, made = 0
  for (let n = 1; n < read(kernel, PROCESS + Process.timers); n++) timers += peek(kernel, timerRecord(n) + TimerRecord.state)
  for (let n = 0; n < KEYS; n++) made += peek(kernel, keys + 8 * n) & 1
  note(timers, 'timers are left')
  note(made, 'keys are left')
  return wrong
}

function arm(): void {
  memory()
  const set = malloc(SigSet.size)
  sigemptyset(user, set)
  for (const signo of [TO_HANDLER, TO_WAITER, OF_TIMER, SIGUSR1]) ok(sigaddset(user, set, signo), 'sigaddset')
  ok(pthread_sigmask(user, SIG_BLOCK, set), 'pthread_sigmask')
  poke(user, set, 0)
  free(set)
  ok(sigaction(user, TO_HANDLER, { sa_handler: actors.handles, sa_flags: SA_RESTART | SA_SIGINFO }), 'sigaction')
  ok(sigaction(user, SIGUSR1, { sa_handler: actors.interrupts }), 'sigaction')
}

// The names of entries are never forgotten: all are known before the first look at what is in use.
function introduce(): void {
  const later = [victims.dallies, victims.mortal, victims.leavesData, victims.endsUnobserved, victims.destroys, actors.meetsFor]
  for (const entry of [...later, ...entriesOfPools]) entryId(sourceOf(entry)!)
}

arm()
introduce()
const below = random(seed)
await tell({ kind: 'began', threads: wantedThreads })
// One round; returns what is wrong in it and what is left after it.
const roundAndLook = async (length: number, empty?: Baseline): Promise<string[]> => {
  const wrong = await round(length, below)
  try {
    await nothingLeft(empty)
  } catch (error) {
    wrong.push((error as Error).message)
  }
  return wrong
}
let lost = await roundAndLook(WARM_UP), rounds = 0
const before = use(), empty: Baseline = before
const over = performance.now() + seconds * 1000
for (; lost.length === 0 && (performance.now() < over || rounds === 0); rounds++)
  lost = await roundAndLook(Math.min(ROUND, Math.max(1, (over - performance.now()) / 1000)), empty)
await tell({ kind: 'ended', lost, counts: totals, rounds, before, after: use() })
process.exit(lost.length === 0 ? 0 : 1)
