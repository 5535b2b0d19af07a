// The imports as a program's fibers see them: those that may block suspend the fiber (stacks.ts), and some do it in another way than
// a thread with a Worker of its own would.

import { load } from '#atomics'
import { EDEADLK } from '../kernel/errno.ts'
import { self } from '../kernel/process.ts'
import type { Sleeper } from '../kernel/request.ts'
import type { Address } from '../mem/memory.ts'
import { claim, settle } from '../pthread/once.ts'
import { BLOCKING, WASI_MODULE } from './blocking.ts'
import { toWasi } from './errno.ts'
import type { Guest, Imports } from './guest.ts'
import { LOOK, PREEMPT } from './preemption.ts'

type Call = (...args: number[]) => number
type Steps = Generator<unknown, number, number>
const DONE = 2

/** The imports, of which {@link BLOCKING} suspend a fiber. */
export function suspending(guest: Guest, imports: Imports): Imports {
  const stacks = guest.stacks!
  const wrapped: Record<string, Record<string, unknown>> = {}
  for (const [module, functions] of Object.entries(imports)) {
    wrapped[module] = { ...functions }
    for (const [name, f] of Object.entries(functions)) if (BLOCKING.includes(`${module}.${name}`)) wrapped[module][name] = stacks.blocking(f as Call)
  }
  const { pthreads, [WASI_MODULE]: wasi } = wrapped
  wrapped[PREEMPT][LOOK] = stacks.looking(() => { guest.look() })
  for (const functions of [pthreads, wasi]) {
    const { sched_yield } = imports[functions === pthreads ? 'pthreads' : WASI_MODULE]
    functions.sched_yield = stacks.yielding(sched_yield as () => number)
  }
  pthreads.pthread_once = stacks.stepping((once: Address, routine: number) => runOnce(guest, once, routine), imports.pthreads.pthread_once as Call, true)
  pthreads.call = stacks.stepping((routine: number, argument: number) => calls(guest, routine, argument), imports.pthreads.call as Call, true)
  return wrapped
}

function* runOnce(guest: Guest, once: Address, routine: number): Steps {
  const { memory: m } = guest
  if (!(yield* claim(m, once, self.tid) as Sleeper<boolean>)) return toWasi(load(m, once) === DONE ? 0 : EDEADLK)
  let done = false
  try {
    yield* guest.callback(routine) as Steps
    done = true
  } finally {
    settle(m, once, done)
  }
  return 0
}

function* calls(guest: Guest, routine: number, argument: number): Steps {
  yield* guest.callback(routine, argument) as Steps
  return 0
}
