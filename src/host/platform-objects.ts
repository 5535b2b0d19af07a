// Node: which objects of the platform can be sent, and how.
//
// Classes that Node writes in JavaScript carry symbols on their prototype chain when they can be cloned or transferred, but
// the symbols do not tell the whole truth: an AbortSignal carries them and is transferable only if it was made so.
// Classes written in C++ carry none.  structuredClone knows, so it is asked, and only about objects whose class
// is Node's: asking costs a copy.  A class of the user's is a plain object, as it is for structuredClone.

import { inspect, types } from 'node:util'
import type { Carriage, Platform } from '../mem/codec.ts'

const native = ['X509Certificate']             // in C++, and no property of globalThis

function carriage(o: object): Carriage {
  if (o instanceof MessagePort) return 'transfer'
  if (types.isKeyObject(o)) return 'clone'
  let clones = false, transfers = false, isNodes = false
  for (let p: object | null = Object.getPrototypeOf(o) as object | null; p !== null && p !== Object.prototype; p = Object.getPrototypeOf(p) as object | null) {
    for (const symbol of Object.getOwnPropertySymbols(p)) {
      clones ||= symbol.description === 'messaging_clone_symbol'
      transfers ||= symbol.description === 'messaging_transfer_symbol'
    }
    isNodes ||= isOfNode(p)
  }
  if (!clones && !transfers && !isNodes) return 'plain'
  try {
    const copy = structuredClone(o)
    if (Object.getPrototypeOf(copy) === Object.prototype) return 'plain'
    return transfers ? 'both' : 'clone'
  } catch {
    return transfers ? 'transfer' : 'none'
  }
}

function isOfNode(prototype: object): boolean {
  const of = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown
  if (typeof of !== 'function') return false
  if (native.includes(of.name)) return true
  const global = Object.getOwnPropertyDescriptor(globalThis, of.name)        // a program's own assignment would be enumerable
  return global?.enumerable === false && Reflect.get(globalThis, of.name) === of
}

// Node's inspect looks at the named properties only when it may show no elements, and ends with a name if there is one.
const nothing = { maxArrayLength: 0, maxStringLength: 0, depth: 0, customInspect: false } as const
const mayHaveNames = (array: readonly unknown[]): boolean => !inspect(array, nothing).endsWith(' more items ]')

/** For `installPlatform`. */
export const nodePlatform: Platform = { carriage, mayHaveNames }
