// The engine's WebAssembly, as far as programs need it; the platform's types are not assumed.

import type { WasmMemory } from '../mem/memory.ts'

/** A WebAssembly.Module: it can be sent to other heaps. */
export interface Module { readonly [Symbol.toStringTag]?: string }
/** A WebAssembly.Global that is an i32. */
export interface Global { value: number }
/** A WebAssembly.Table of functions. */
export interface Table { get(index: number): ((...args: number[]) => unknown) | null }
/** A WebAssembly.Instance. */
export interface WasmInstance { readonly exports: Readonly<Record<string, unknown>> }

interface Engine {
  Memory: new (limits: { initial: number, maximum: number, shared: boolean }) => WasmMemory
  Module: (new (bytes: Uint8Array) => Module) & {
    imports(module: Module): { module: string, name: string, kind: string }[]
    exports(module: Module): { name: string, kind: string }[]
  }
  Instance: new (module: Module, imports: object) => WasmInstance
  RuntimeError: new (message?: string) => Error
  compile(bytes: Uint8Array): Promise<Module>
}

/** The engine's WebAssembly. */
export const engine = Reflect.get(globalThis, 'WebAssembly') as Engine
