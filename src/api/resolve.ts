// From an entry's source to its function, in the heap that shall run it.

import { importModule, importNow } from '#host'
import type { Routine } from '../pthread/entry.ts'

const given = new Map<string, Routine>()

/** Makes `f` the function of `source` in this heap. */
export function give(source: string, f: Routine): void {
  given.set(source, f)
}

/** The function that was given for `source` in this heap. */
export function functionOf(source: string): Routine | undefined {
  return given.get(source)
}

/** The function of an entry; imports its module if it must. Throws or rejects with an Error that names what is missing. */
export function resolve(source: string): Routine | Promise<Routine> {
  const known = given.get(source)
  if (known !== undefined) return known
  const [place, name] = source.slice(1).split('\n')
  switch (source[0]) {
    case 'u': return fromModule(source, place, name)
    case 'i': return compile(source.slice(1))
    case 'w': case 'a': return partNow.get(source[0])?.(source) ?? afterFace(source)
    default: throw failure(`the Worker that the factory made has not registered "${name}"; it should call serve({ ${name} })`, 'ERR_THREAD_ENTRY')
  }
}

// Parts of WebAssembly programs, and of addons: what finds them is a face, which a heap loads when it meets one.
const FACES = new Map([['w', '../wasm/entry.js'], ['a', '../napi/entry.js']])
const partNow = new Map<string, (source: string) => Routine>()

/** Installs what finds the parts whose sources begin with `kind`: a face, when it is loaded. */
export function installParts(kind: string, part: (source: string) => Routine): void {
  partNow.set(kind, part)
}

async function afterFace(source: string): Promise<Routine> {
  const kind = source[0]
  await importModule(new URL(FACES.get(kind)!, import.meta.url).href)
  return partNow.get(kind)!(source)
}

type Module = Record<string, unknown>
const modules = new Map<string, Module>()

/** The function of an entry, if it can be had without a turn of the event loop. */
export function resolveNow(source: string): Routine | undefined {
  const known = given.get(source)
  if (known !== undefined || !source.startsWith('u')) return known ?? (source.startsWith('i') ? compile(source.slice(1)) : partNow.get(source[0])?.(source))
  const [url, name] = source.slice(1).split('\n')
  const module = modules.get(url) ?? importNow(url)
  if (module === undefined) return undefined
  modules.set(url, module)
  const f = given.get(source) ?? module[name]
  return typeof f === 'function' ? f as Routine : undefined
}

function fromModule(source: string, url: string, name: string): Routine | Promise<Routine> {
  const module = modules.get(url)
  return module === undefined ? afterImport(source, url, name) : functionIn(module, source, url, name)
}

async function afterImport(source: string, url: string, name: string): Promise<Routine> {
  let module: Module
  try {
    module = await importModule(url)
  } catch (error) {
    throw failure(`cannot import ${url}: ${error instanceof Error ? error.message : String(error)}`, 'ERR_THREAD_IMPORT', error)
  }
  modules.set(url, module)
  return functionIn(module, source, url, name)
}

function functionIn(module: Module, source: string, url: string, name: string): Routine {
  const f = given.get(source) ?? module[name]
  if (typeof f !== 'function') throw failure(`${url} has no function "${name}"`, 'ERR_THREAD_ENTRY')
  return f as Routine
}

// The source was made from a function by Thread.inline, whose text has no free variables: it sees globals only.
function compile(source: string): Routine {
  return (0, eval)(source) as Routine
}

function failure(message: string, code: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code })
}
