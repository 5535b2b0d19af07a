// An instance of a program's module in one heap, and what of its exports is used again and again: they are a slow object.

import { engine, type Global, type Module, type Table } from './engine.ts'
import type { Imports } from './guest.ts'

/** A function of C. */
export type Exported = (...args: number[]) => unknown

export class Instance {
  readonly exports: Readonly<Record<string, unknown>>
  readonly #functions = new Map<string, Exported | undefined>()
  readonly #constants = new Map<string, number>()
  #stack: Global | undefined
  #locals: Global | undefined
  #table: Table | undefined

  constructor(module: Module, imports: Imports) {
    this.exports = new engine.Instance(module, imports).exports
  }

  /** A function that it exports; undefined if it does not. */
  exported(name: string): Exported | undefined {
    if (!this.#functions.has(name)) {
      const f = this.exports[name]
      this.#functions.set(name, typeof f === 'function' ? f as Exported : undefined)
    }
    return this.#functions.get(name)
  }

  /** A global that does not change; `otherwise`, if it exports none of this name. */
  constant(name: string, otherwise: number): number {
    let value = this.#constants.get(name)
    if (value === undefined) this.#constants.set(name, value = (this.exports[name] as Global | undefined)?.value ?? otherwise)
    return value
  }

  /** The stack pointer of the thread that runs in it. */
  get stack(): number {
    this.#stack ??= this.exports.__stack_pointer as Global
    return this.#stack.value
  }

  set stack(to: number) {
    this.#stack ??= this.exports.__stack_pointer as Global
    this.#stack.value = to
  }

  /** The base of that thread's thread-local variables. */
  set locals(to: number) {
    this.#locals ??= this.exports.__tls_base as Global
    this.#locals.value = to
  }

  /** What a pointer to a function is an index of. */
  get table(): Table {
    return this.#table ??= this.exports.__indirect_function_table as Table
  }
}
