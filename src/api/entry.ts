// Entry points: load names the functions of another module, thread makes one of this module an entry.

import { host } from '#host'
import { extend } from '../mem/codec.ts'
import { mark, nameIn, sourceOf, type Entry, type Routine } from '../pthread/entry.ts'
import { functionOf, give } from './resolve.ts'

/** The functions of a module, as entries. */
export type Entries<M> = { readonly [K in keyof M as M[K] extends Routine ? K : never]: M[K] extends Routine ? Entry<M[K]> : never }

class LoadedEntry {
  readonly name: string

  constructor(name: string, source: string) {
    this.name = name
    mark(this, source)
    Object.freeze(this)
  }

  toString(): string {
    return `entry ${this.name}`
  }
}

const loaded = new Map<string, LoadedEntry>()

/** @internal The entry of that source: one in each heap, and it travels. */
export function entryOf(source: string, name = nameIn(source)): LoadedEntry {
  let entry = loaded.get(source)
  if (entry === undefined) loaded.set(source, entry = new LoadedEntry(name, source))
  return entry
}

/** Factories of this heap by number. */
const factories: (() => unknown)[] = []

/** The factory of an entry's source, if the entry is a factory's: its number, and the function, where this heap has it. */
export function factoryOf(source: string): { number: number, make: (() => unknown) | undefined } | undefined {
  if (!source.startsWith('f')) return undefined
  const number = Number.parseInt(source.slice(1), 10)
  return { number, make: factories[number - 1] }
}

/**
 * The functions of a module, to run as threads: `load<typeof import('./work.js')>(new URL('./work.js', import.meta.url))`.
 * Names only: nothing is imported here, and a module that does not exist fails at join. The URL names the file
 * that exists when the program runs.
 *
 * Instead of a URL, a factory that makes a Worker: `load(() => new Worker(new URL('./work.js', import.meta.url)))`,
 * which bundlers understand. The Worker's module registers its functions with `serve`. Only the thread that
 * loaded a factory can start its Workers.
 */
export function load<M>(module: URL | string | (() => unknown)): Entries<M> {
  if (typeof module === 'function') {
    factories.push(module)
    return names(`f${factories.length}`)
  }
  const url = module instanceof URL ? module : URL.canParse(module) ? new URL(module) : undefined
  if (url === undefined) throw new TypeError(`load: ${JSON.stringify(module)} is not a URL; use new URL('./work.js', import.meta.url)`)
  return names(`u${url.href}`)
}

function names<M>(place: string): Entries<M> {
  host.expectSpawner()
  const known = new Map<string, LoadedEntry>()                            // a text put together from two is hashed anew each time
  const named = (name: string): LoadedEntry => {
    let entry = known.get(name)
    if (entry === undefined) known.set(name, entry = entryOf(`${place}\n${name}`, name))
    return entry
  }
  return new Proxy({} as Entries<M>, {
    get: (_, name) => typeof name === 'string' && name !== 'then' ? named(name) : undefined,
    has: (_, name) => typeof name === 'string',
  })
}

/**
 * Makes `f` an entry of its own module: `export const tally = thread(import.meta, function tally(n: number) { … })`.
 * Returns `f`, which can also be called. The function needs a name, unique in the module. The module is imported
 * again in every thread: guard what only the first one shall do, `if (Thread.current.tid === 1) …`.
 */
export function thread<F extends Routine>(meta: ImportMeta, f: F): F & Entry<F> {
  if (typeof f !== 'function') throw new TypeError(`thread: ${typeof f}, not a function`)
  if (typeof meta?.url !== 'string') throw new TypeError('thread: the first argument is import.meta')
  if (f.name === '') throw new TypeError('thread: the function has no name; threads find it by its name')
  const source = `u${meta.url}\n${f.name}`
  if (functionOf(source) !== undefined) throw new TypeError(`thread: ${meta.url} has two entries named "${f.name}"`)
  host.expectSpawner()
  give(source, f)
  mark(f, source)
  return f as F & Entry<F>
}

extend({
  tag: 7,
  matches: o => sourceOf(o) !== undefined,
  encode(o, writer) {
    writer.text(sourceOf(o)!)
  },
  decode(reader) {
    const source = reader.text()
    const mine = functionOf(source)                                       // made by `thread` in this heap: it is the entry
    if (mine !== undefined && sourceOf(mine) === source) return mine
    return entryOf(source)
  },
})
