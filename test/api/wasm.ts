// WebAssembly as far as these tests use it: neither the language's library nor Node's types declare it.

/** A compiled module. */
export type Module = object & { readonly __module?: never }

interface WebAssembly {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => Module
  Instance: new (module: Module) => { readonly exports: Readonly<Record<string, unknown>> }
  Memory: new (limits: { initial: number, maximum?: number, shared?: boolean }) => { readonly buffer: ArrayBuffer | SharedArrayBuffer }
}

export const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssembly }

/** (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
export const addition = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11,
])
