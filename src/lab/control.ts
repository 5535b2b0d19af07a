// The lab's own memory: who holds the turn, what every virtual thread does, which choices were made.
//
// Whoever holds the turn is the only one that runs, so everything here is written without atomic accesses by the
// holder of the turn; handing the turn over (turn.ts) orders it.  The controller reads the counters for its progress
// line, and may read them a little late.

import { f64, i32, struct } from '../mem/struct.ts'

export const Lab = struct('lab', {
  threads: i32('virtual threads'),
  running: i32('the one that holds the turn; the first of the alternatives is to let it go on'),
  mode: i32('who chooses: see Mode'),
  bound: i32('preemptions that a schedule of the search may have now; negative: any number'),
  boundMax: i32('the bound that the search ends with; negative: none'),
  limited: i32('1: the bound has kept a choice out, so that a higher one means more schedules'),
  complete: i32('2: all schedules have been run, 1: all up to the bound, 0: not'),
  covered: i32('all schedules with fewer preemptions than this have been run'),
  budget: i32('schedules that may be run'),
  searchBudget: i32('schedules that the search may use of them'),
  schedules: i32('schedules run so far'),
  limit: i32('steps that a schedule may take'),
  steps: i32('steps of this schedule'),
  quiet: i32('steps since a thread has written something or another one has run'),
  longest: i32('steps of the longest schedule so far'),
  decisions: i32('choices made in this schedule'),
  prefix: i32('choices that are given'),
  used: i32('preemptions in this schedule'),
  order: i32('how many sleeps there were: sleepers are resumed in order'),
  hash: i32('of all steps of this schedule: tells whether a replay is one'),
  seed: i32('of the random strategies'),
  random: i32('state of the generator'),
  clock: i32('1: time passes'),
  plain: i32('plain accesses are steps as well: 0 none, 1 stores, 2 loads also'),
  tracing: i32('1: steps are written down'),
  traced: i32('bytes of the trace'),
  known: i32('1: the schedule has reached a state that the search knows'),
  ordered: i32('1: of orders that lead to the same the search runs one, see order.ts'),
  recording: i32('1 + the place of the list where the accesses of this transition go; 0: nowhere'),
  dormants: i32('threads that are dormant'),
  passer: i32('who gave up the turn last: it alone looks for long whether it comes back'),
  wordsKnown: i32('words that have a history in this schedule'),
  dirty: i32('pages of kernel memory that this schedule has written to'),
  spinners: i32('threads that poll a word'),
  rounds: i32('how often pollers were let go on without a write since'),
  time: f64('the virtual clock, ms'),
  total: f64('steps of all schedules that have ended'),
}, 256)

export const LabThread = struct('lab thread', {
  go: i32('1: it has the turn; a word that its Worker sleeps on'),
  state: i32('what it does: see Doing'),
  memory: i32('the word that it sleeps on or polls: memory id'),
  address: i32('the word that it sleeps on or polls: address'),
  order: i32('when it fell asleep'),
  outcome: i32('how its sleep ended: 0 resumed, 1 timed out'),
  early: i32('sleeps that timed out although others could run'),
  priority: i32('of the priority strategy'),
  killed: i32('1: it must unwind, and touch nothing more'),
  daemon: i32('1: it need not end'),
  mortal: i32('1: it may die at any step'),
  history: i32('what it has done in this schedule, see states.ts; two words'),
  history2: i32('the second'),
  begun: i32('1: its function runs, or ran, in this schedule'),
  dormant: i32('1 + the place of the list of what its next transition touches; 0: it may run; see order.ts'),
  deadline: f64('when its sleep times out, ms on the virtual clock'),
}, 128)

/** READY: not begun. RUNNABLE. ASLEEP: suspended on a word. SPINS: polls a word that has not changed. DONE, DEAD: has ended, was killed. */
export const Doing = { READY: 0, RUNNABLE: 1, ASLEEP: 2, SPINS: 3, DONE: 4, DEAD: 5 } as const

/** SEARCH: depth first over all choices. PRIORITY: PCT. RANDOM. REPLAY: the given choices, then the first. */
export const Mode = { SEARCH: 0, PRIORITY: 1, RANDOM: 2, REPLAY: 3 } as const

export const THREADS_MAX = 32
export const DECISIONS_MAX = 1 << 20
const THREADS_AT = Lab.size
const CHOSEN_AT = 8192
const OF_AT = CHOSEN_AT + 4 * DECISIONS_MAX
/** Histories of words; states that the search has seen. Powers of two, two words each. */
export const HISTORIES = 8192, SEEN_SIZE = 1 << 21
/** Choices that know which of their alternatives are dormant, and the words of their lists: see order.ts. */
export const ORDERED_MAX = 4096, ALTERNATIVES = 8, LIST = 16
const LISTS = ORDERED_MAX * ALTERNATIVES * LIST
/** Promises of one thread at a time, and the words of each: see promises.ts. */
export const WAITS = 16, WAIT_SIZE = 4
/** Pages of kernel memory of which is known whether a schedule has written there; log 2 of their size. */
export const PAGES = 1024, PAGE_BITS = 10
const WORDS_AT = OF_AT + 4 * DECISIONS_MAX
const SEEN_AT = WORDS_AT + 8 * HISTORIES
const LISTS_AT = SEEN_AT + 8 * SEEN_SIZE
const SKIPS_AT = LISTS_AT + 4 * LISTS
const KNOWN_WORDS_AT = SKIPS_AT + 4 * ORDERED_MAX
const DIRTY_AT = KNOWN_WORDS_AT + 4 * HISTORIES
const ASYNC_WAITS_AT = DIRTY_AT + 8 * PAGES
export const TRACE_AT = ASYNC_WAITS_AT + 4 * THREADS_MAX * WAITS * WAIT_SIZE
export const TRACE_SIZE = 1 << 24
export const SNAPSHOT_AT = TRACE_AT + TRACE_SIZE
export const CONTROL_SIZE = SNAPSHOT_AT + (1 << 26)
if (THREADS_AT + THREADS_MAX * LabThread.size > CHOSEN_AT) throw new Error('lab: the control memory has no room for its threads')

/** The control memory as 32-bit words, as doubles, as bytes; and the choices: which, of how many. */
export let c: Int32Array
export let times: Float64Array
export let bytes: Uint8Array
export let chosen: Int32Array
export let of: Int32Array
export let words: Int32Array
export let seen: Int32Array
export let lists: Int32Array
export let skips: Int32Array
export let knownWords: Int32Array
export let asyncWaits: Int32Array
export let isDirty: Int32Array
export let dirtyPages: Int32Array

/** Makes `control` this heap's control memory. */
export function open(control: SharedArrayBuffer): void {
  c = new Int32Array(control, 0, CHOSEN_AT >>> 2)
  times = new Float64Array(control, 0, CHOSEN_AT >>> 3)
  bytes = new Uint8Array(control)
  chosen = new Int32Array(control, CHOSEN_AT, DECISIONS_MAX)
  of = new Int32Array(control, OF_AT, DECISIONS_MAX)
  words = new Int32Array(control, WORDS_AT, 2 * HISTORIES)
  seen = new Int32Array(control, SEEN_AT, 2 * SEEN_SIZE)
  lists = new Int32Array(control, LISTS_AT, LISTS)
  skips = new Int32Array(control, SKIPS_AT, ORDERED_MAX)
  knownWords = new Int32Array(control, KNOWN_WORDS_AT, HISTORIES)
  asyncWaits = new Int32Array(control, ASYNC_WAITS_AT, THREADS_MAX * WAITS * WAIT_SIZE)
  isDirty = new Int32Array(control, DIRTY_AT, PAGES)
  dirtyPages = new Int32Array(control, DIRTY_AT + 4 * PAGES, PAGES)
}

/** Index of a field of the header in `c`. */
export const at = Object.fromEntries(Object.entries(Lab).map(([name, offset]) => [name, offset >>> 2])) as { readonly [K in keyof typeof Lab]: number }

const fields = Object.fromEntries(Object.entries(LabThread)
  .map(([name, offset]) => [name, (THREADS_AT + offset) >>> 2])) as { readonly [K in keyof typeof LabThread]: number }
export const { go, state, memory, address, order, outcome, early, priority, killed, daemon, mortal, history, begun, dormant } = fields
const STRIDE = LabThread.size >>> 2
const DEADLINE = (THREADS_AT + LabThread.deadline) >>> 3, TIME = Lab.time >>> 3, TOTAL = Lab.total >>> 3

/** Index in `c` of thread `i`'s field, one of the constants above. */
export const its = (field: number, i: number): number => field + i * STRIDE

export const deadlineOf = (i: number): number => times[DEADLINE + i * (LabThread.size >>> 3)]
export function setDeadline(i: number, ms: number): void {
  times[DEADLINE + i * (LabThread.size >>> 3)] = ms
}

/** The time on the virtual clock, ms. */
export const time = (): number => times[TIME]
export function setTime(ms: number): void {
  times[TIME] = ms
}

/** Steps of all schedules that have ended. */
export const total = (): number => times[TOTAL]
export function setTotal(steps: number): void {
  times[TOTAL] = steps
}
