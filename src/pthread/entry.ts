// Entries: what a thread runs, named by a string that every heap can turn into the same function.
//
//   u<URL>\n<export>     an export of a module, or a function that the module gave to `thread`
//   f<factory>\n<name>   a function that the Worker of a factory registered
//   i<source>            a function by its source text
//   w<memory>\n<what>    a part of the WebAssembly program that lives in that memory: wasm/entry.ts; =<export>: a function that it exports
//
// The kernel knows an entry by the number of its interned string.

import { ENOMEM } from '../kernel/errno.ts'
import { intern, textOf } from '../kernel/intern.ts'

declare const entry: unique symbol

/** Any function that can be a thread. */
export type Routine = (...args: never[]) => unknown

/** A routine that has yet to make a stack for them runs the handlers that are due before it, itself. */
export interface Hearing { readonly hears?: true }

/** A thread's entry point, with the type of its function. Made by `load`, `thread`; or by `Thread.inline`, unseen. */
export interface Entry<F extends Routine = Routine> { readonly name: string, readonly [entry]: F }

const sources = new WeakMap<object, string>()

/** Makes `o` the entry of that source. */
export function mark(o: object, source: string): void {
  sources.set(o, source)
}

/** The source of an entry; undefined if `o` is none. */
export function sourceOf(o: unknown): string | undefined {
  return typeof o === 'object' || typeof o === 'function' ? sources.get(o!) : undefined
}

/** The name of the function in a source, or in its last part. */
export function nameIn(source: string): string {
  return source.slice(source.indexOf('\n') + 1).replace(/^=(__wrap_)?/, '')
}

/** The number of an entry's source, or -ENOMEM when no more fit. */
export function entryId(source: string): number {
  const id = intern(source)
  return id === 0 ? -ENOMEM : id
}

/** Finds the function of an entry's source, now or after an import. */
export type Resolver = (source: string) => Routine | Promise<Routine>
/** The same without waiting; undefined if that cannot be. */
export type ResolverNow = (source: string) => Routine | undefined
let resolver: Resolver
let resolverNow: ResolverNow = () => undefined
const routines: (Routine | undefined)[] = []

/** Installs what finds functions: the face. */
export function installResolver(r: Resolver, now: ResolverNow): void {
  resolver = r
  resolverNow = now
}

/** The function of entry `id`, if there is a way to have it now. */
export function foundNow(id: number): Routine | undefined {
  return routines[id] ??= resolverNow(textOf(id))
}

/** The function of entry `id`, now if there is a way, else a promise. */
export function routineNow(id: number): Routine | Promise<Routine> {
  return foundNow(id) ?? routineOf(id)
}

/** The function of entry `id` in this heap, or a promise of it. */
export function routineOf(id: number): Routine | Promise<Routine> {
  const known = routines[id]
  if (known !== undefined) return known
  const found = resolver(textOf(id))
  if (typeof found !== 'function') return found.then(f => routines[id] = f)
  return routines[id] = found
}

/** Whether entry `id` is a part of a WebAssembly program or addon, and its thread ends with that. */
export function isPart(id: number): boolean {
  return /^[wa]\d+\n[^=]/.test(textOf(id))
}
