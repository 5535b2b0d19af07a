// The addons under test: what they export, and what they must give.

import { fileURLToPath } from 'node:url'

export const ARGON2 = '@node-rs/argon2-wasm32-wasi'
export const OXC = '@oxc-parser/binding-wasm32-wasi'
/** One of our own, for what published ones do not do on purpose: test/napi/c/addon.c. */
export const OWN = fileURLToPath(new URL('./c/wasm/addon.wasm', import.meta.url))

export interface Options { algorithm?: number, memoryCost?: number, timeCost?: number, parallelism?: number, salt?: Uint8Array }
export interface Argon2 {
  hash(password: string, options?: Options, signal?: AbortSignal): Promise<string>
  hashSync(password: string, options?: Options): string
  verify(hashed: string, password: string): Promise<boolean>
  verifySync(hashed: string, password: string): boolean
}

interface Parsed { program: string, errors: { severity: string, message: string }[], module: { staticImports: { moduleRequest: { value: string } }[] } }
export interface Oxc {
  parse(file: string, text: string): Promise<Parsed>
  parseSync(file: string, text: string): Parsed
}

export interface Own {
  /** Starts a thread that starts a thread, and so on; waits in C for all of them. */
  row(threads: number): number
  /** A thread has `f` called with the number that is returned. */
  later(f: (number: number) => void): number
  fail(): number
  abuse(): number
  quit(code: number): never
  variables(): number
}

const salt = Buffer.from('somesalt')
/** Of "password", by the reference implementation of Argon2, version 1.3. */
export const VECTORS: readonly (readonly [Options, string])[] = [
  [{ algorithm: 1, memoryCost: 256, timeCost: 2, parallelism: 1, salt }, '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8'],
  [{ algorithm: 1, memoryCost: 65536, timeCost: 2, parallelism: 1, salt }, '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA'],
  [{ algorithm: 2, memoryCost: 256, timeCost: 2, parallelism: 1, salt }, '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  [{ algorithm: 2, memoryCost: 256, timeCost: 2, parallelism: 2, salt }, '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'],
  [{ algorithm: 2, memoryCost: 65536, timeCost: 2, parallelism: 1, salt }, '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
]
