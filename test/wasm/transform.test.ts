// The change of a module's bytes: what it does to the instructions, and to files that are cut short or spoiled.

import test from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { ProgramError } from '#internal/wasm/errors.js'
import { recursive } from '#internal/wasm/preemption.js'
import { beatOf, breakOf, transform, type Wanted } from '#internal/wasm/transform.js'
import { cases, wasiThreads } from './programs.ts'

interface Engine {
  validate(bytes: Uint8Array): boolean
  Module: (new (bytes: Uint8Array) => object) & { imports(module: object): { module: string, name: string }[] }
  Instance: new (module: object, imports: object) => { exports: Record<string, (...args: number[]) => number> }
  Memory: new (limits: object) => { buffer: SharedArrayBuffer }
}
const engine = Reflect.get(globalThis, 'WebAssembly') as Engine

const vector = (...items: number[][]): number[] => [items.length, ...items.flat()]
const sized = (bytes: number[]): number[] => [bytes.length, ...bytes]
const section = (id: number, bytes: number[]): number[] => [id, ...sized(bytes)]
const text = (s: string): number[] => sized([...Buffer.from(s)])

/** A module that imports a memory of these limits and exports the functions f0, f1 … () -> i32, or (i32) -> i32. */
function moduleOf(bodies: { takes: number, body: number[] }[], limits = [3, 2, 10], start = false): Uint8Array {
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector([0x60, 0, 1, 0x7f], [0x60, 1, 0x7f, 1, 0x7f], [0x60, 0, 0])),
    ...section(2, vector([...text('env'), ...text('memory'), 2, ...limits])),
    ...section(3, vector(...bodies.map(({ takes }) => [takes]))),
    ...section(7, vector(...bodies.map((_, i) => [...text(`f${i}`), 0, i]))),
    ...start ? section(8, [0]) : [],
    ...section(10, vector(...bodies.map(({ body }) => sized([0, ...body, 0x0b])))))
}

interface Made { exports: Record<string, (...args: number[]) => number>, words: Int32Array, beat: number }

function instantiate(bytes: Uint8Array, futex: object, wanted: Wanted = {}, look: () => void = () => undefined): Made {
  const { bytes: changed, initial, maximum } = transform('x.wasm', bytes, wanted)
  const memory = new engine.Memory({ initial: maximum, maximum, shared: true })
  const words = new Int32Array(memory.buffer)
  words[breakOf(maximum) / 4] = initial
  return { exports: new engine.Instance(new engine.Module(changed), { env: { memory }, 'pthreads:futex': futex, 'pthreads:preempt': { look } }).exports, words, beat: beatOf(maximum) / 4 }
}

const futex = { notify: () => 0, wait32: () => 0, wait64: () => 0 }

test('size and growth are those of the break, up to the last page but one', () => {
  const { exports } = instantiate(moduleOf([{ takes: 0, body: [0x3f, 0] }, { takes: 1, body: [0x20, 0, 0x40, 0] }]), futex)
  assert.equal(exports.f0(), 2)
  assert.equal(exports.f1(3), 2)
  assert.equal(exports.f0(), 5)
  assert.equal(exports.f1(5), -1)
  assert.equal(exports.f1(-1), -1)
  assert.equal(exports.f1(0), 5)
  assert.equal(exports.f1(4), 5)
  assert.equal(exports.f0(), 9)
  assert.equal(exports.f1(1), -1)
})

test('waits and notifies are calls, with the offset of the instruction', () => {
  const calls: unknown[][] = []
  const heard = (name: string, result: number) => (...args: unknown[]): number => {
    calls.push([name, ...args])
    return result
  }
  const { exports } = instantiate(moduleOf([
    { takes: 1, body: [0x20, 0, 0x41, 7, 0x42, 9, 0xfe, 1, 2, 0x90, 1] },
    { takes: 1, body: [0x20, 0, 0x42, 7, 0x42, 0x7f, 0xfe, 2, 3, 8] },
    { takes: 1, body: [0x20, 0, 0x41, 1, 0xfe, 0, 2, 4] },
    { takes: 1, body: [0x20, 0, 0xfe, 0x10, 2, 0] },
  ]), { notify: heard('notify', 3), wait32: heard('wait32', 1), wait64: heard('wait64', 2) })
  assert.deepEqual([exports.f0(64), exports.f1(64), exports.f2(64), exports.f3(64)], [1, 2, 3, 0])
  assert.deepEqual(calls, [['wait32', 64, 7, 9n, 144], ['wait64', 64, 7n, -1n, 8], ['notify', 64, 1, 4]])
})

test('calls, references and elements still mean the functions that they meant', () => {
  const bytes = moduleOf([{ takes: 0, body: [0x41, 5] }, { takes: 0, body: [0x10, 0, 0x10, 0, 0x6a] }])
  assert.equal(instantiate(bytes, futex).exports.f1(), 10)
})

test('immediates that look like instructions are left alone', () => {
  const body = [
    0x44, 0x40, 0, 0x3f, 0, 0x10, 0, 0x40, 0, 0x1a,                       // f64.const, whose bytes are memory.grow, size and call
    0x41, 0xc0, 0, 0x1a,                                                  // i32.const 64 in two bytes
    0x02, 0x40, 0x41, 1, 0x0e, 1, 0, 0, 0x0b,                             // br_table
    0xfd, 12, 0x40, 0, 0x3f, 0, 0x10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0b, 0x1a,
    0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0,                               // memory.fill
    0xfe, 3, 0,                                                           // atomic.fence
    0x41, 42,
  ]
  assert.equal(instantiate(moduleOf([{ takes: 0, body }]), futex).exports.f0(), 42)
})

test('programs of compilers are valid afterwards', () => {
  for (const file of [cases, wasiThreads])
    for (const wanted of [{}, { preempt: true }, { shared: false }]) assert.ok(engine.validate(transform(file, readFileSync(file), wanted).bytes), file)
})

test('a memory that is not shared, or cannot grow, is told', () => {
  const refused = (limits: number[], code: string, message: RegExp): void => {
    assert.throws(() => transform('x.wasm', moduleOf([], limits)), (error: ProgramError) => error.code === code && message.test(error.message))
  }
  refused([1, 2, 10], 'ERR_WASM_ABI', /^x\.wasm: its memory is not shared/)
  refused([3, 2, 2], 'ERR_WASM_MEMORY', /cannot grow beyond the 2 pages/)
})

// Rounds: until parameter 0 is 0; it is counted down, and each round adds 3 to what the loop gets from the stack.
const ROUNDS = [0x41, 0, 0x03, 1, 0x41, 3, 0x6a, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b]

test('every round of a loop looks when the beat has changed, once for each beat', () => {
  let looks = 0
  const { exports, words, beat } = instantiate(moduleOf([{ takes: 1, body: ROUNDS }]), futex, { preempt: true }, () => {
    looks++
    if (looks < 3) words[beat]++                                          // two more while it looks
  })
  assert.deepEqual([exports.f0(10), looks], [30, 0])
  words[beat]++
  assert.deepEqual([exports.f0(10), looks], [30, 3])
  assert.deepEqual([exports.f0(10), looks], [30, 3])
  words[beat] = -1
  assert.deepEqual([exports.f0(1), looks], [3, 4])
})

test('a memory that shall not be shared is not', () => {
  const { bytes, maximum } = transform('x.wasm', moduleOf([{ takes: 1, body: [0x20, 0, 0xfe, 0x10, 2, 0] }]), { shared: false })
  const module = new engine.Module(bytes)
  const withMemory = (shared: boolean): Uint32Array => {
    const memory = new engine.Memory({ initial: maximum, maximum, shared })
    const words = new Uint32Array(memory.buffer)
    words[16] = 5
    assert.equal(new engine.Instance(module, { env: { memory }, 'pthreads:futex': futex }).exports.f0(64), 5)
    return words
  }
  assert.ok(withMemory(false).buffer instanceof ArrayBuffer)
  assert.throws(() => withMemory(true), /shared/)
})

test('functions that may call themselves look as they begin, and no others', () => {
  let looks = 0
  const { exports, words, beat } = instantiate(moduleOf([
    { takes: 0, body: [0x41, 7] },
    { takes: 0, body: [0x10, 0] },
    { takes: 1, body: [0x20, 0, 0x04, 0x7f, 0x20, 0, 0x41, 1, 0x6b, 0x10, 3, 0x05, 0x41, 9, 0x0b] },
    { takes: 1, body: [0x20, 0, 0x04, 0x7f, 0x20, 0, 0x41, 1, 0x6b, 0x10, 2, 0x05, 0x41, 8, 0x0b] },
  ]), futex, { preempt: true }, () => {
    looks++
    words[beat]++
  })
  words[beat]++
  assert.deepEqual([exports.f1(), looks], [7, 0])
  assert.deepEqual([exports.f2(4), looks], [9, 5])
  assert.deepEqual([exports.f3(4), looks], [8, 10])
})

test('who may call himself: alone, in circles that share a member, and nobody else', () => {
  assert.deepEqual(recursive([]), [])
  assert.deepEqual(recursive([[1], [], [2], [4, 0], [5], [3, 6], [4, 7], []]), [false, false, true, true, true, true, true, false])
  const long = Array.from({ length: 100_000 }, (_, i) => [i + 1])
  assert.ok(recursive([...long, []]).every(is => !is))
  assert.ok(recursive([...long, [0]]).every(is => is))
})

for (const wanted of [{}, { preempt: true }, { shared: false }]) test(`a module that is cut anywhere is told, or is as valid as it was: ${JSON.stringify(wanted)}`, () => {
  const whole = moduleOf([{ takes: 0, body: [0x3f, 0] }, { takes: 1, body: [0x20, 0, 0x40, 0] }, { takes: 1, body: ROUNDS }])
  for (let length = 0; length < whole.length; length++) {
    try {
      const cut = whole.slice(0, length)
      assert.equal(engine.validate(transform('x.wasm', cut, wanted).bytes), engine.validate(cut), `${length} bytes`)
    } catch (error) {
      assert.ok(error instanceof ProgramError, String(error))
    }
  }
})

test('a module with any byte changed never breaks the change itself', () => {
  const whole = moduleOf([{ takes: 0, body: [0x3f, 0] }, { takes: 1, body: [0x20, 0, 0x40, 0] }, { takes: 1, body: ROUNDS }])
  for (let at = 8; at < whole.length; at++) {
    for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
      const spoiled = whole.slice()
      spoiled[at] = value
      try {
        transform('x.wasm', spoiled, { preempt: true })
      } catch (error) {
        assert.ok(error instanceof ProgramError, `${at} ${value}: ${String(error)}`)
      }
    }
  }
})
