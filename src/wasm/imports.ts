// All that a program can import.

import { PLAIN } from '../kernel/clone.ts'
import { EAGAIN } from '../kernel/errno.ts'
import { add } from '#atomics'
import { user } from '../kernel/process.ts'
import { born, create } from '../pthread/thread.ts'
import { WASI_MODULE as WASI } from './blocking.ts'
import { engine, type Module } from './engine.ts'
import { ProgramError } from './errors.ts'
import { suspending } from './fiber-imports.ts'
import { futexImports } from './futex-imports.ts'
import type { Guest, Imports } from './guest.ts'
import { LOOK, PREEMPT } from './preemption.ts'
import { pthreadImports } from './pthread-imports.ts'
import { ProgramRecord } from './records.ts'
import { FUTEX } from './transform.ts'
import { toWasi } from './errno.ts'
import { wasiImports, wasiNames } from './wasi.ts'

/** The imports of the program's instance in this heap. */
export function importsOf(guest: Guest): Imports {
  const wanted = engine.Module.imports(guest.about.module)
  const memory = wanted.find(({ kind }) => kind === 'memory')!
  const calls = wanted.filter(({ module }) => module === WASI).map(({ name }) => name)
  const imports: Record<string, Record<string, unknown>> = {
    pthreads: pthreadImports(guest), wasi: wasiThreads(guest), [WASI]: wasiImports(guest, calls), [FUTEX]: futexImports(guest.memory),
    [PREEMPT]: { [LOOK]: () => { guest.look() } },
  }
  const all = guest.stacks === undefined ? imports : suspending(guest, imports)
  return { ...all, [memory.module]: { ...all[memory.module], [memory.name]: guest.memory.wasm } }
}

// A new thread calls wasi_thread_start. Its number, or an error number negated.
function wasiThreads(guest: Guest): Record<string, unknown> {
  return {
    'thread-spawn': (argument: number) => {
      const { record } = guest.about
      const id = guest.entryId('spawned')
      add(user, record + ProgramRecord.live, 1)
      const slot = id < 0 ? -EAGAIN : create(id, [argument], { name: '', detached: true, kind: PLAIN, transfer: [], fiber: guest.about.suspendable, daemon: guest.about.abi === 'napi', bell: guest.about.bell })
      if (slot > 0) return born.tid
      add(user, record + ProgramRecord.live, -1)
      return -toWasi(-slot)
    },
  }
}

/** Throws ProgramError if the program imports what there is not. */
export function checkImports(file: string, module: Module): void {
  const known: Record<string, () => readonly string[]> = {
    pthreads: () => Object.keys(pthreadImports(NOBODY)), wasi: () => ['thread-spawn'], [WASI]: wasiNames, [FUTEX]: () => ['notify', 'wait32', 'wait64'],
    [PREEMPT]: () => [LOOK],
  }
  const names = new Map<string, ReadonlySet<string>>()
  for (const { module: from, name, kind } of engine.Module.imports(module)) {
    if (kind === 'memory') continue
    if (!names.has(from)) names.set(from, new Set(known[from]?.() ?? []))
    if (kind === 'function' && names.get(from)!.has(name)) continue
    throw new ProgramError('ERR_WASM_IMPORT', `${file}: it imports the ${kind} ${from}.${name}, which is not here: a program may import wasi_snapshot_preview1, wasi.thread-spawn, and what the headers of \`pthreads cc\` declare`)
  }
}

const NOBODY = { memory: { id: 0 }, about: {}, entry: () => undefined } as unknown as Guest
