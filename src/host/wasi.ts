// Node's WASI. It is loaded when a program needs it, without its warning that it is experimental: ours is what its user runs.

import { closeSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { devNull } from 'node:os'
import type { WasmMemory } from '../mem/memory.ts'

type Calls = Record<string, (...args: (number | bigint)[]) => number>
interface Options { args: readonly string[], env: Readonly<Record<string, string>>, dirs: Readonly<Record<string, string>> }
interface Wasi { readonly wasiImport: Calls, initialize(instance: { exports: object }): void }
type WasiClass = new (options: object) => Wasi

let loaded: WasiClass | undefined

function load(): WasiClass {
  if (loaded !== undefined) return loaded
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    loaded = (createRequire(import.meta.url)('node:wasi') as { WASI: WasiClass }).WASI
  } finally {
    process.emitWarning = emitWarning
  }
  return loaded
}

/** The calls of WASI preview 1 on `memory`, with descriptors of their own; 0 to 2 are nothing, and can be closed and replaced. */
export function wasiOf(memory: WasmMemory, { args, env, dirs }: Options): Calls {
  const nothing = [0, 1, 2].map(() => openSync(devNull, 'r+'))
  try {
    return make(memory, { args, env, preopens: dirs }, nothing)
  } catch (error) {
    nothing.forEach(fd => { closeSync(fd) })
    throw error
  }
}

let absent: number | undefined

/** The same calls for descriptors 0 to 2 only, which are those of this process; undefined: nothing. They must not be closed. */
export function standardOf(memory: WasmMemory, standard: readonly (number | undefined)[], options: Partial<Options> = {}): Calls {
  absent ??= openSync(devNull, 'r+')
  return make(memory, { args: options.args ?? [], env: options.env ?? {} }, [0, 1, 2].map(fd => standard[fd] ?? absent!))
}

function make(memory: WasmMemory, options: object, [stdin, stdout, stderr]: readonly number[]): Calls {
  const wasi = new (load())({ version: 'preview1', returnOnExit: true, stdin, stdout, stderr, ...options })
  wasi.initialize({ exports: { memory } })
  return wasi.wasiImport
}

/** The names of these calls. */
export function wasiNames(): string[] {
  return Object.keys(new (load())({ version: 'preview1' }).wasiImport)
}
