// Node's WASI. It is loaded when a program needs it, without its warning that it is experimental: ours is what its user runs.

import { createRequire } from 'node:module'
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

/** The calls of WASI preview 1 on `memory`, with descriptors of their own. */
export function wasiOf(memory: WasmMemory, { args, env, dirs }: Options): Calls {
  const wasi = new (load())({ version: 'preview1', args, env, preopens: dirs, returnOnExit: true })
  wasi.initialize({ exports: { memory } })
  return wasi.wasiImport
}

/** The names of these calls. */
export function wasiNames(): string[] {
  return Object.keys(new (load())({ version: 'preview1' }).wasiImport)
}
