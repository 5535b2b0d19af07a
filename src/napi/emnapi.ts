// emnapi, which makes Node-API's functions of JavaScript, as far as it is used here, and where it is.

import { importModule, resolveFrom } from '#host'
import type { Module, Table, WasmInstance } from '../wasm/engine.ts'
import type { WasmMemory } from '../mem/memory.ts'
import { NapiError } from './errors.ts'

type Functions = Record<string, unknown>

/** A module that is being loaded: what it can import, and, once it is initialized, what it exports to JavaScript. */
export interface NapiModule {
  readonly imports: { readonly env: Functions, readonly napi: Functions, readonly emnapi: Functions }
  init(options: { instance: WasmInstance, module: Module, memory: WasmMemory, table: Table }): object
}

/** What its values and references are kept in. */
export interface Context {
  /** It is not destroyed at the end of the process. */
  suppressDestroy?(): void
  destroy(): void
}

/** @emnapi/core. */
export interface Core {
  createNapiModule(options: { context: Context, asyncWorkPoolSize: number, filename: string }): NapiModule
}

/** @emnapi/runtime. */
export interface Runtime {
  createContext(options: { autoDestroy: false }): Context
}

export interface Emnapi { readonly core: Core, readonly runtime: Runtime }

/** The emnapi that belongs to the addon in `file`: its package's own, for core and runtime of two versions do not fit together. */
export async function findEmnapi(file: string): Promise<Emnapi> {
  const core = emnapiFor(file, '@emnapi/core'), runtime = emnapiFor(file, '@emnapi/runtime')
  return { core: namespace<Core>(await importModule(core), 'createNapiModule'), runtime: namespace<Runtime>(await importModule(runtime), 'createContext') }
}

// Older packages depend on @napi-rs/wasm-runtime alone, which depends on emnapi.
function emnapiFor(file: string, name: string): string {
  const direct = resolveFrom(name, file)
  if (direct !== undefined) return direct
  const between = resolveFrom('@napi-rs/wasm-runtime', file)
  const found = between === undefined ? undefined : resolveFrom(name, between)
  if (found !== undefined) return found
  throw new NapiError('ERR_NAPI_RUNTIME', `loadNapi: ${file} needs the package ${name}, in the version that it was built with: npm install ${name}`)
}

// What a CommonJS module exports may be all in its default.
function namespace<T extends object>(module: object, wanted: keyof T & string): T {
  const { default: all } = module as { default?: object }
  return (wanted in module ? module : all) as T
}
