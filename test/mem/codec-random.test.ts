// Random values against structuredClone, and damaged messages. SEED=… repeats a run.

import test from 'node:test'
import assert from 'node:assert/strict'
import { decode, encode, installPlatform, installShapes, installStrings, portableStrings, releaseMessage } from '#internal/mem/codec.js'
import { nodeStrings } from '#internal/host/strings.js'
import { nodePlatform } from '#internal/host/platform-objects.js'
import { Memory } from '#internal/mem/memory.js'
import type { ShapeTable } from '#internal/mem/shapes.js'
import { same } from './same.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1e9)
console.log(`seed ${seed}`)

const memory = new Memory(1, new SharedArrayBuffer(1 << 24))

// mulberry32
function random(state: number): (below: number) => number {
  return below => {
    state = state + 0x6d2b79f5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) % below
  }
}

const NAMES = ['kind', 'key', 'value', '3', 'x', '__proto__', 'łódź', 'toString']
const shapes: string[] = []
const table: ShapeTable = { add: text => shapes.includes(text) ? shapes.indexOf(text) + 1 : shapes.push(text), text: number => shapes[number - 1] }

// A value of about `budget` parts, some of them shared.
function makeValue(below: (n: number) => number, budget: number): unknown {
  const met: object[] = []
  let left = budget
  const keep = <T extends object>(o: T): T => (met.push(o), o)
  const text = (): string => {
    const n = below(10) === 0 ? below(300) : below(12), top = [128, 256, 0x10000][below(3)]
    return String.fromCharCode(...Array.from({ length: n }, () => below(top)))
  }
  const bytes = (): ArrayBuffer => keep(Uint8Array.from({ length: 8 * below(9) }, () => below(256)).buffer)
  const view = (): object => {
    const old = met.filter(o => o instanceof ArrayBuffer), buffer = old.length > 0 && below(2) === 0 ? old[below(old.length)] : bytes()
    const type = [Uint8Array, Int16Array, Float64Array, BigUint64Array, DataView, Uint8ClampedArray][below(6)] as typeof Float64Array
    const offset = 8 * below(1 + buffer.byteLength / 8)
    return keep(new type(buffer, offset, below(1 + Math.floor((buffer.byteLength - offset) / (type.BYTES_PER_ELEMENT ?? 1)))))
  }
  const leaves: (() => unknown)[] = [
    () => below(100), () => below(2 ** 32) - 2 ** 31, () => below(2 ** 32) / 7, () => -0, () => NaN, text, text,
    () => undefined, () => null, () => below(2) === 0, () => (below(2) === 0 ? -1n : 1n) * BigInt(below(2 ** 32)) ** BigInt(below(8)),
    () => keep(new Date(below(2 ** 32))), () => keep(Object([1, text(), true, 3n][below(4)]) as object),
    () => keep(new RegExp(['a+', '[/]', 'ł', ''][below(4)], ['', 'g', 'iu'][below(3)])), bytes, view, view,
  ]
  const make = (): unknown => {
    if (--left < 0 || below(3) === 0) return leaves[below(leaves.length)]()
    if (met.length > 0 && below(5) === 0) return met[below(met.length)]
    const n = below(below(10) === 0 ? 60 : 6)
    switch (below(7)) {
      case 0: case 1: {
        const o = keep({} as Record<string, unknown>)
        const fixed = below(2) === 0, some = below(NAMES.length)
        for (let i = 0; i < n; i++) {
          const name = fixed ? NAMES[(some + i) % NAMES.length] : text()
          Object.defineProperty(o, name, { value: make(), writable: true, enumerable: true, configurable: true })
        }
        return o
      }
      case 2: case 3: {
        const a = keep([] as unknown[])
        for (let i = 0; i < n; i++) a[i] = make()
        return a
      }
      case 4: {
        const a = keep([] as unknown[])
        for (let i = 0; i < n; i++) a[below([20, 200, 2 ** 32 - 1][below(3)])] = make()
        if (below(3) === 0) Object.assign(a, { [text()]: make() })
        return a
      }
      case 5: {
        const map = keep(new Map())
        for (let i = 0; i < n; i++) map.set(make(), make())
        return map
      }
      default: {
        if (below(2) === 0) return keep(new (below(2) === 0 ? TypeError : Error)(text(), below(2) === 0 ? undefined : { cause: make() }))
        const set = keep(new Set())
        for (let i = 0; i < n; i++) set.add(make())
        return set
      }
    }
  }
  return make()
}

// Node 20's structuredClone cannot read back an error whose cause leads to the error; what arrives then is like the value.
function copyOf(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch (e) {
    assert.match((e as Error).message, /^Unable to deserialize/)
    return value
  }
}

test('random values arrive as structuredClone makes them', () => {
  for (let i = 0; i < 6000; i++) {
    const value = makeValue(random(seed + i), i % 100)
    installStrings(i % 2 === 0 ? portableStrings : nodeStrings!)
    if (i % 1500 === 0) installShapes(i === 3000 ? undefined : table)
    installPlatform(i % 2 === 0 ? { carriage: () => 'plain' } : nodePlatform)
    encode(value, 'result').place(memory, 64)
    try {
      same(decode(memory, 64), copyOf(value))
    } catch (e) {
      throw new Error(`value ${i} of seed ${seed}: ${(e as Error).message}`, { cause: e })
    }
  }
  assert.ok(shapes.length > 10)
})

test('a damaged message decodes to something or throws an Error, soon', () => {
  const below = random(seed)
  for (let i = 0; i < 20_000; i++) {
    const message = encode(makeValue(random(seed + (i >> 4)), i % 40), 'result'), { size } = message
    message.place(memory, 64)
    for (let n = 1 + below(3); n > 0; n--) memory.u8[64 + (below(4) === 0 ? below(16) : below(size))] = below(3) === 0 ? 255 : below(256)
    const start = performance.now()
    try {
      decode(memory, 64)
    } catch (e) {
      assert.ok(e instanceof Error && !/stack/.test(e.message), `message ${i} of seed ${seed}: ${String(e)}`)
    }
    try {
      releaseMessage(memory, 64)
    } catch (e) {
      assert.match((e as Error).message, /^corrupt message/)
    }
    assert.ok(performance.now() - start < 5000, `message ${i} of seed ${seed} took too long`)
  }
})
