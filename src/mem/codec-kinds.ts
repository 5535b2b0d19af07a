// What an object is: by its internal slots where the language lets us ask, as structuredClone does, and by its
// tag otherwise.  What the language does not know (Blob, MessagePort, KeyObject) the host's check answers.

import { AGGREGATE, ERRORS, NONE, VIEWS } from './codec-format.ts'

/**
 * How an object of the platform travels: not at all, by being cloned, by being transferred, by either;
 * 'plain' if it is no object of the platform, or one that structuredClone takes for a plain object.
 */
export type Carriage = 'none' | 'clone' | 'transfer' | 'both' | 'plain'

/** What only the host can answer. */
export interface Platform {
  /** Asked for objects that are no arrays, no plain objects and none that the language defines. */
  carriage(o: object): Carriage
  /** Whether a long array may have properties besides its elements. Optional: finding out by listing them all is slow. */
  mayHaveNames?(array: readonly unknown[]): boolean
}

export let platform: Platform = { carriage: () => 'plain' }

/** Installs the host's knowledge of its own objects. */
export function installPlatform(p: Platform): void {
  platform = p
}

/** A kind of object that is neither an array, nor plain, nor an extension's. 'refused': see {@link describe}. */
export type Kind = 'plain' | 'map' | 'set' | 'date' | 'regexp' | 'error' | 'exception' | 'buffer' | 'shared' | 'view' | 'box' | 'clone' | 'transfer' | 'refused'

type Method = (this: unknown) => unknown
const getter = (prototype: object, name: PropertyKey): Method => Object.getOwnPropertyDescriptor(prototype, name)!.get as Method
const bears = (method: Method) => (o: object): boolean => {
  try {
    method.call(o)
    return true
  } catch {
    return false
  }
}

const sharedLength = getter(SharedArrayBuffer.prototype, 'byteLength')
const isMap = bears(getter(Map.prototype, 'size'))
const isSet = bears(getter(Set.prototype, 'size'))
const isDate = bears(Date.prototype.getTime)
const isRegExp = bears(getter(RegExp.prototype, 'source'))
const isBuffer = bears(getter(ArrayBuffer.prototype, 'byteLength'))
const isShared = bears(sharedLength)
const isNumber = bears(Number.prototype.valueOf)
const isString = bears(String.prototype.valueOf)
const isBoolean = bears(Boolean.prototype.valueOf)
const isBigInt = bears(BigInt.prototype.valueOf)
const viewName = getter(Object.getPrototypeOf(Int8Array.prototype) as object, Symbol.toStringTag)

const DOMException = (globalThis as { DOMException?: new (message: string, name: string) => Error }).DOMException
const tagOf = (o: object): string => (Object.prototype.toString.call(o) as string).slice(8, -1)

// structuredClone's own list: every object with slots of its own that it does not know how to copy.
const refusedTags = new Set(['Promise', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry', 'Generator', 'AsyncGenerator',
  'Array Iterator', 'Map Iterator', 'Set Iterator', 'String Iterator', 'RegExp String Iterator', 'Iterator Helper', 'Symbol', 'Module', 'global'])

/** What `o` is. */
export function kindOf(o: object): Kind {
  if (ArrayBuffer.isView(o)) return 'view'
  const tag = tagOf(o)
  if (tag === 'Error') return 'error'
  if (o instanceof Map || tag === 'Map') { if (isMap(o)) return 'map' }
  else if (o instanceof Set || tag === 'Set') { if (isSet(o)) return 'set' }
  else if (o instanceof Date || tag === 'Date') { if (isDate(o)) return 'date' }
  else if (o instanceof RegExp || tag === 'RegExp') { if (isRegExp(o)) return 'regexp' }
  else if (o instanceof ArrayBuffer || tag === 'ArrayBuffer') { if (isBuffer(o)) return 'buffer' }
  else if (o instanceof SharedArrayBuffer || tag === 'SharedArrayBuffer') { if (isShared(o)) return 'shared' }
  else if (o instanceof Number || tag === 'Number') { if (isNumber(o)) return 'box' }
  else if (o instanceof String || tag === 'String') { if (isString(o)) return 'box' }
  else if (o instanceof Boolean || tag === 'Boolean') { if (isBoolean(o)) return 'box' }
  else if (tag === 'BigInt') { if (isBigInt(o)) return 'box' }
  else if (DOMException !== undefined && o instanceof DOMException) return 'exception'
  else if (o instanceof Error) return 'error'
  else if (refusedTags.has(tag) || tag.startsWith('Intl.') || tag.startsWith('Temporal.')) return 'refused'
  else if (tag.startsWith('WebAssembly.')) return isCloneableWasm(tag, o) ? 'clone' : 'refused'
  else {
    const carriage = platform.carriage(o)
    return carriage === 'none' ? 'refused' : carriage === 'both' ? 'clone' : carriage
  }
  return 'plain'
}

const isCloneableWasm = (tag: string, o: object): boolean =>
  tag === 'WebAssembly.Module' || (tag === 'WebAssembly.Memory' && isShared((o as { buffer: object }).buffer))

/** Whether `o` is a SharedArrayBuffer whose length is fixed. */
export function isFixedShared(o: object): o is SharedArrayBuffer {
  return o instanceof SharedArrayBuffer && (o as { growable?: boolean }).growable !== true
}

/** Whether `o` may stand in a transfer list. */
export function isTransferable(o: unknown): boolean {
  if (typeof o !== 'object' || o === null) return false
  if (isBuffer(o)) return !isDetached(o as ArrayBuffer)
  const carriage = platform.carriage(o)
  return carriage === 'transfer' || carriage === 'both'
}

export function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}

/** Which of VIEWS `view` is. */
export function viewKind(view: ArrayBufferView): number {
  const name = viewName.call(view) as string | undefined
  return name === undefined ? 0 : VIEWS.indexOf(name)
}

/** Whether a view of a resizable buffer follows its length; asked by growing the buffer for a moment. */
export function followsLength(view: ArrayBufferView): boolean {
  const buffer = view.buffer as ArrayBuffer & { readonly maxByteLength: number, resize(n: number): void }
  const before = buffer.byteLength, width = (view as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1
  if (view.byteOffset + view.byteLength + width <= before || before + width > buffer.maxByteLength) return false
  const length = view.byteLength
  buffer.resize(before + width)
  const follows = view.byteLength !== length
  buffer.resize(before)
  return follows
}

/** Whether a property of an array is an element. */
export const isIndex = (key: string): boolean => String(+key >>> 0) === key && key !== '4294967295'

/** The names of an array's properties that are no elements. Elements come first among the keys, so the names are the tail. */
export function namesBesideElements(a: unknown[]): readonly string[] {
  if (a.length > 32 && platform.mayHaveNames?.(a) === false) return NONE
  const keys = Object.keys(a)
  let from = keys.length
  while (from > 0 && !isIndex(keys[from - 1])) from--
  return from === keys.length ? NONE : keys.slice(from)
}

/** Which of ERRORS `e` arrives as. */
export function errorKind(e: Error): number {
  if (e instanceof AggregateError) return AGGREGATE
  const name = quietly(e, 'name')
  return Math.max(0, ERRORS.indexOf(typeof name === 'string' && name !== 'DOMException' ? name : 'Error'))
}

/** A property, or undefined if its getter throws. */
export function quietly(o: object, name: string): unknown {
  try {
    return (o as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

/** The primitive in a box. */
export function unbox(o: object): unknown {
  for (const prototype of [Number.prototype, String.prototype, Boolean.prototype, BigInt.prototype])
    try {
      return (prototype as object).valueOf.call(o)
    } catch { /* not of this type */ }
  return undefined
}

/** Says in words what cannot travel, with its article. */
export function describe(v: unknown): string {
  if (typeof v !== 'object' || v === null) return `a ${typeof v}`
  if (isBuffer(v) && isDetached(v as ArrayBuffer)) return 'a detached ArrayBuffer'
  const tag = tagOf(v)
  if (tag === 'global') return 'the global object'
  if (tag === 'Module') return 'a module namespace'
  if (tag === 'Symbol') return 'a boxed symbol'
  if (tag === 'Generator') return 'a generator'
  if (tag === 'AsyncGenerator') return 'an async generator'
  const of = (v as { constructor?: unknown }).constructor
  const name = /^(Object|EventTarget)$/.test(tag) && typeof of === 'function' && of.name !== '' ? of.name : tag
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
}
