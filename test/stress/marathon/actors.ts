// Actors of the marathon that use objects, for as long as they may: each takes its row of the ledger and a seed.

import {
  CLOCK_MONOTONIC, EAGAIN, EBUSY, EINTR, ETIMEDOUT, free, malloc, nanosleep, O_CREAT, pthread_barrier_destroy, pthread_barrier_init,
  PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait, pthread_cond_broadcast, pthread_cond_clockwait, pthread_cond_signal, pthread_create,
  pthread_join, pthread_mutex_clocklock, pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_unlock, pthread_once, pthread_rwlock_clockrdlock,
  pthread_rwlock_clockwrlock, pthread_rwlock_rdlock, pthread_rwlock_tryrdlock, pthread_rwlock_trywrlock, pthread_rwlock_unlock, pthread_rwlock_wrlock,
  pthread_sigmask, pthread_spin_lock, pthread_spin_trylock, pthread_spin_unlock, pthread_testcancel, sem_clockwait, sem_close, sem_open, sem_post,
  sem_trywait, sem_unlink, sem_wait, SIG_UNBLOCK, sigaddset, sigemptyset, SigSet, SIGUSR1, type SigInfo,
} from 'pthreads/posix'
import { load, Mutex, type RwLock, type Semaphore, type Condition } from 'pthreads'
import { add, load as read, peek, poke } from '#atomics'
import { self, user } from '#internal/kernel/process.js'
import { random } from '../random.ts'
import { did, guarded, opensRow } from './ledger.ts'
import {
  aClock, APART, BUFFER, BUFFER_PUT, BUFFER_TAKEN, CAPACITY, FACE, FILLED, FIRST_RWLOCK, FIRST_SPIN, HANDLED, microseconds, MUTEX, MUTEXES, NEXT_ONCE,
  NOT_EMPTY, NOT_FULL, ok, ONCE, ONCES, RAN, RWLOCK, RWLOCKS, SEMAPHORE, SEMAPHORES, soon, SPIN, SPINS, STOP, TARGETS, TO_HANDLER, WORD,
} from './stage.ts'

type Below = (n: number) => number
/** What every actor gets: where the stage is, its row, its seed. */
export interface Part { stage: number, row: number, seed: number, pid: number }

const own = load<typeof import('./actors.ts')>(new URL(import.meta.url))

let stageOfHandler = 0

/** The handler of TO_HANDLER. Whichever thread runs it, the sum is the stage's. */
export function handles(_: number, { si_value: value }: SigInfo): void {
  add(user, stageOfHandler + HANDLED, value)
}

/** A handler that does nothing but interrupt. */
export function interrupts(): void {
  did('interruptions')
}

// Enters the stage: takes the row and, `sensitive`, signals as they come, to handlers that are this thread's from now on.
function enter({ stage, row, seed }: Part, sensitive = true): Below {
  opensRow(row)
  stageOfHandler = stage
  if (sensitive) {
    const set = malloc(SigSet.size)
    sigemptyset(user, set)
    sigaddset(user, set, TO_HANDLER)
    sigaddset(user, set, SIGUSR1)
    ok(pthread_sigmask(user, SIG_UNBLOCK, set), 'pthread_sigmask')
    free(set)
    poke(user, stage + TARGETS + 4 + 4 * add(user, stage + TARGETS, 1), self.tid)
  }
  return random(seed)
}

// Also where handlers run at the latest: a thread that always gets what it wants at once does not come to a wait. Rests now
// and then: what many threads want is left to few, and those who cancel and kill get a processor.
function goesOn(stage: number, below: Below): boolean {
  pthread_testcancel()
  if (below(16) === 0) nanosleep(microseconds(below(1000)))
  return read(user, stage + STOP) === 0
}

// A change that another one at the same time would spoil.
function change(object: number, n: number, below: Below): void {
  const before = peek(user, object + WORD)
  for (let n = below(8); n > 0; n--) poke(user, object + WORD, before)
  poke(user, object + WORD, before + 1)
  guarded(n)
}

// Whether it was got; counts a timeout.
function got(errno: number, what: string): boolean {
  if (errno === ETIMEDOUT) did('timeouts')
  else if (errno !== 0 && errno !== EBUSY && errno !== EAGAIN && errno !== EINTR) throw new Error(`${what}: errno ${errno}`)
  return errno === 0
}

/** Mutexes of each type: lock, trylock, timed, one inside the other, recursively. */
export function locks(part: Part): void {
  const below = enter(part), { stage } = part
  const one = (n: number, how: number): boolean => {
    const mutex = stage + MUTEX + n * APART
    if (how === 2) return got(pthread_mutex_trylock(user, mutex), 'pthread_mutex_trylock')
    if (how < 2) return got(pthread_mutex_lock(user, mutex), 'pthread_mutex_lock')
    const clock = aClock(below)
    return got(pthread_mutex_clocklock(user, mutex, clock, soon(below(3), clock)), 'pthread_mutex_clocklock')
  }
  const leave = (n: number): void => {
    change(stage + MUTEX + n * APART, n, below)
    ok(pthread_mutex_unlock(user, stage + MUTEX + n * APART), 'pthread_mutex_unlock')
    did('mutex locks')
  }
  while (goesOn(stage, below)) {
    const n = below(MUTEXES), how = below(6)
    if (how < 2) for (let times = below(400); times > 0 && one(n, how); times--) leave(n)
    else if (how === 2 && n % 3 === 1 && one(n, below(4))) {              // the recursive ones
      for (let depth = 1 + below(3); depth > 0; depth--) if (one(n, below(4))) leave(n)
      leave(n)
    } else if (how === 3 && n + 1 < MUTEXES && one(n, below(4))) {        // in order, so nobody waits in a circle
      if (one(n + 1, below(4))) leave(n + 1)
      leave(n)
    } else if (one(n, below(4))) leave(n)
  }
}

/** A bounded buffer: puts and takes, with timeouts, signal and broadcast. */
export function exchanges(part: Part): void {
  const below = enter(part), { stage } = part
  while (goesOn(stage, below)) {
    const puts = below(2) === 0
    const [mine, theirs, fit] = puts ? [NOT_FULL, NOT_EMPTY, (n: number) => n < CAPACITY] as const : [NOT_EMPTY, NOT_FULL, (n: number) => n > 0] as const
    ok(pthread_mutex_lock(user, stage + BUFFER), 'pthread_mutex_lock')
    const until = soon(below(3))
    for (let errno = 0; errno === 0 && !fit(peek(user, stage + FILLED)); did('condition waits')) {
      errno = pthread_cond_clockwait(user, stage + mine, stage + BUFFER, CLOCK_MONOTONIC, until)
      got(errno, 'pthread_cond_clockwait')
    }
    if (fit(peek(user, stage + FILLED))) {
      poke(user, stage + FILLED, peek(user, stage + FILLED) + (puts ? 1 : -1))
      guarded(puts ? BUFFER_PUT : BUFFER_TAKEN)
      if (below(2) === 0) pthread_cond_signal(user, stage + theirs)
      else pthread_cond_broadcast(user, stage + theirs)
    }
    ok(pthread_mutex_unlock(user, stage + BUFFER), 'pthread_mutex_unlock')
    did('mutex locks')
  }
}

/** Read-write locks of each kind. */
export function readsAndWrites(part: Part): void {
  const below = enter(part), { stage } = part
  while (goesOn(stage, below)) {
    const n = below(RWLOCKS), lock = stage + RWLOCK + n * APART, clock = aClock(below), how = below(4)
    if (below(4) === 0) {
      const errno = how < 2 ? pthread_rwlock_wrlock(user, lock) : how === 2 ? pthread_rwlock_trywrlock(user, lock)
        : pthread_rwlock_clockwrlock(user, lock, clock, soon(below(3), clock))
      if (!got(errno, 'pthread_rwlock_wrlock')) continue
      change(lock, FIRST_RWLOCK + n, below)
      ok(pthread_rwlock_unlock(user, lock), 'pthread_rwlock_unlock')
      did('rwlock locks')
      continue
    }
    for (let times = below(200); times >= 0; times--) {
      const errno = how < 2 ? pthread_rwlock_rdlock(user, lock) : how === 2 ? pthread_rwlock_tryrdlock(user, lock)
        : pthread_rwlock_clockrdlock(user, lock, clock, soon(below(3), clock))
      if (!got(errno, 'pthread_rwlock_rdlock')) break
      const before = peek(user, lock + WORD)
      for (let n = below(8); n >= 0; n--) if (peek(user, lock + WORD) !== before) throw new Error('somebody wrote while this thread read')
      ok(pthread_rwlock_unlock(user, lock), 'pthread_rwlock_unlock')
      did('rwlock locks')
    }
  }
}

/** Spin locks. */
export function spins(part: Part): void {
  const below = enter(part), { stage } = part
  while (goesOn(stage, below)) {
    const n = below(SPINS), lock = stage + SPIN + n * APART
    for (let times = below(200); times >= 0; times--) {
      if (!got(below(3) === 0 ? pthread_spin_trylock(user, lock) : pthread_spin_lock(user, lock), 'pthread_spin_lock')) break
      change(lock, FIRST_SPIN + n, below)
      ok(pthread_spin_unlock(user, lock), 'pthread_spin_unlock')
      did('spin locks')
    }
    nanosleep(microseconds(below(300)))
  }
}

/** Semaphores without and with a name. */
export function takesUnits(part: Part): void {
  const below = enter(part), { stage } = part
  const address = malloc(16)
  while (goesOn(stage, below)) {
    const sem = stage + SEMAPHORE + below(SEMAPHORES) * APART, clock = aClock(below)
    if (got(below(3) === 0 ? sem_trywait(user, sem) : sem_clockwait(user, sem, clock, soon(below(3), clock)), 'sem_clockwait')) {
      if (below(4) === 0) nanosleep(microseconds(below(100)))
      ok(sem_post(user, sem), 'sem_post')
      did('semaphore units')
    }
    if (below(8) !== 0) continue
    const name = `/marathon ${below(3)}`
    ok(sem_open(user, address, name, O_CREAT, 0o600, 1), 'sem_open')
    const named = peek(user, address)
    if (got(sem_clockwait(user, named, clock, soon(below(2), clock)), 'sem_clockwait')) ok(sem_post(user, named), 'sem_post')
    if (below(3) === 0) sem_unlink(name)
    ok(sem_close(user, named), 'sem_close')
    did('named semaphore opens')
  }
  free(address)
}

/** Two semaphores and no timeout: units go round among these actors. */
export function passes(part: Part): void {
  const below = enter(part), { stage } = part
  while (goesOn(stage, below)) {
    const sem = stage + SEMAPHORE + (1 + below(SEMAPHORES - 1)) * APART
    if (!got(sem_wait(user, sem), 'sem_wait')) continue
    ok(sem_post(user, sem), 'sem_post')
    did('semaphore units')
  }
}

let counted = 0

/** Routines that run once, of whichever actor comes first. */
export function onces(part: Part): void {
  const below = enter(part), { stage } = part
  const routine = (): void => {
    if (below(50) === 0) nanosleep(microseconds(below(50)))
    add(user, stage + RAN + 4 * counted, 1)
  }
  while (goesOn(stage, below)) {
    const next = read(user, stage + NEXT_ONCE)
    for (counted = Math.max(0, next - 4); counted <= next && counted < ONCES; counted++) {
      ok(pthread_once(user, stage + ONCE + 8 * counted, routine), 'pthread_once')
      if (read(user, stage + RAN + 4 * counted) !== 1) throw new Error(`once ${counted}: its routine ran ${read(user, stage + RAN + 4 * counted)} times`)
      did('once calls')
    }
    if (next < ONCES && read(user, stage + NEXT_ONCE) === next) add(user, stage + NEXT_ONCE, 1)
    nanosleep(microseconds(20 + below(500)))
  }
}

/** Meets others at the barrier, so often; how often as the serial thread. */
export function meets(barrier: number, rounds: number): number {
  let serial = 0
  for (; rounds > 0; rounds--) if (pthread_barrier_wait(user, barrier) === PTHREAD_BARRIER_SERIAL_THREAD) serial++
  return serial
}

/** Barriers, each for some threads of its own. */
export function barriers(part: Part): void {
  const below = enter(part, false), { stage } = part
  while (goesOn(stage, below)) {
    const barrier = malloc(APART), cells = malloc(16), others = 1 + below(2), rounds = 1 + below(100)
    ok(pthread_barrier_init(user, barrier, 0, others + 1), 'pthread_barrier_init')
    const threads = Array.from({ length: others }, () => {
      ok(pthread_create(user, cells, 0, own.meetsFor, [barrier, rounds]), 'pthread_create')
      return peek(user, cells)
    })
    let serial = meets(barrier, rounds)
    for (const thread of threads) {
      const out: { value?: unknown, error?: unknown } = {}
      ok(pthread_join(thread, out), 'pthread_join')
      if ('error' in out) throw out.error as Error
      serial += out.value as number
      did('threads joined')
    }
    if (serial !== rounds) throw new Error(`a barrier had ${serial} serial threads in ${rounds} rounds`)
    did('barrier rounds', rounds)
    ok(pthread_barrier_destroy(user, barrier), 'pthread_barrier_destroy')
    free(barrier)
    free(cells)
  }
}

/** {@link meets} as a start routine. */
export function meetsFor([barrier, rounds]: [number, number]): number {
  return meets(barrier, rounds)
}

/** The objects of the face, which threads and promises use side by side. `word` is what the mutex guards. */
export interface Faces { mutex: Mutex, condition: Condition, semaphore: Semaphore, lock: RwLock, word: number }

const isLate = (error: unknown): boolean => {
  if ((error as { code?: string }).code !== 'ETIMEDOUT') throw error
  did('timeouts')
  return false
}

const letGo = ({ mutex, condition, semaphore, lock }: Faces): void => { for (const each of [mutex, condition, semaphore, lock]) each[Symbol.dispose]() }

/** The classes, blocking. */
export function usesFaces(part: Part, faces: Faces): void {
  const { mutex, condition, semaphore, lock, word } = faces
  const below = enter(part), { stage } = part
  const step = [
    () => {
      using _ = mutex.lock(below(4))
      change(word - WORD, FACE, below)
      did('mutex locks')
      if (below(4) === 0) condition.signal()
      else if (below(4) === 0) condition.wait(mutex, below(3))
    },
    () => {
      semaphore.wait(below(3))
      semaphore.post()
      did('semaphore units')
    },
    () => {
      using _ = below(3) === 0 ? lock.write(below(3)) : lock.read(below(3))
      did('rwlock locks')
    },
  ]
  while (goesOn(stage, below)) {
    try {
      step[below(step.length)]()
    } catch (error) {
      isLate(error)
    }
  }
  letGo(faces)
}

/** The classes, by promises: several tasks of one thread. */
export async function promises(part: Part, faces: Faces): Promise<void> {
  const { mutex, condition, semaphore, lock, word } = faces
  const below = enter(part), { stage } = part
  const step = [
    async () => {
      using hold = await mutex.lockAsync(below(4))
      const before = peek(user, word)
      if (below(4) === 0) await Promise.resolve()
      if (peek(user, word) !== before) throw new Error('somebody was inside with a promise')
      change(word - WORD, FACE, below)
      if (below(4) === 0) condition.broadcast()
      else if (below(4) === 0) await condition.waitAsync(hold, below(3))
    },
    async () => {
      await semaphore.waitAsync(below(3))
      semaphore.post()
    },
    async () => {
      using _ = await (below(3) === 0 ? lock.writeAsync(below(3)) : lock.readAsync(below(3)))
    },
  ]
  const task = async (): Promise<void> => {
    while (read(user, stage + STOP) === 0) {
      try {
        await step[below(step.length)]()
        did('asynchronous acquisitions')
      } catch (error) {
        isLate(error)
      }
    }
  }
  await Promise.all([task(), task(), task()])
  letGo(faces)
}
