// Atomic operations as a WebAssembly module of a few instructions each.
//
// V8 compiles an Atomics call in JavaScript to a call of a builtin, some 10 ns; the same operation in wasm
// is the processor's instruction, and calling it costs 2 ns.  A lock is made of two of them, so this is what
// brings a mutex to the price of one in C.  The module is assembled here, from the table below; it is the same
// for every memory, and each memory has an instance.

import type { Wasm, WasmMemory } from './memory.ts'

/** The operations on one memory; addresses in bytes. */
export interface Operations {
  load(a: number): number
  store(a: number, value: number): void
  cas(a: number, expected: number, value: number): number
  exchange(a: number, value: number): number
  add(a: number, value: number): number
  casOwned(a: number, expected: number, value: number, owner: number): number
  exchangeOwned(a: number, value: number, owner: number): number
}

const I32 = 0x7f, FUNC = 0x60, END = 0x0b
const get = (local: number): number[] => [0x20, local]
const atomic = (opcode: number): number[] => [0xfe, opcode, 2, 0]                       // aligned to 4, offset 0
const storeNext = [0x36, 2, 4]                                                         // i32.store offset=4
const loadAt = (offset: number): number[] => [0x28, 2, offset]                         // i32.load
const CAS = 0x48, EXCHANGE = 0x41

// name, number of parameters, whether there is a result, code
const OPERATIONS: readonly (readonly [keyof Operations, number, boolean, number[]])[] = [
  ['load', 1, true, [...get(0), ...atomic(0x10)]],
  ['store', 2, false, [...get(0), ...get(1), ...atomic(0x17)]],
  ['cas', 3, true, [...get(0), ...get(1), ...get(2), ...atomic(CAS)]],
  ['exchange', 2, true, [...get(0), ...get(1), ...atomic(EXCHANGE)]],
  ['add', 2, true, [...get(0), ...get(1), ...atomic(0x1e)]],
  // if ((seen = cas) == expected) a[1] = owner; return seen
  ['casOwned', 4, true, [
    ...get(0), ...get(1), ...get(2), ...atomic(CAS), 0x22, 2, ...get(1), 0x46, 0x04, 0x40, ...get(0), ...get(3), ...storeNext, END, ...get(2),
  ]],
  // if (owner != a[1] || a[3] != 0) return -1; a[1] = 0; return exchange
  ['exchangeOwned', 3, true, [
    ...get(0), ...loadAt(4), ...get(2), 0x47, ...get(0), ...loadAt(12), 0x72, 0x04, 0x40, 0x41, 0x7f, 0x0f, END,
    ...get(0), 0x41, 0, ...storeNext, ...get(0), ...get(1), ...atomic(EXCHANGE),
  ]],
]

const uleb = (n: number): number[] => n < 128 ? [n] : [n & 127 | 128, ...uleb(n >>> 7)]
const vector = (items: number[][]): number[] => [...uleb(items.length), ...items.flat()]
const sized = (bytes: number[]): number[] => [...uleb(bytes.length), ...bytes]
const section = (id: number, bytes: number[]): number[] => [id, ...sized(bytes)]
const text = (s: string): number[] => sized([...s].map(c => c.charCodeAt(0)))

function assemble(pages: number): Uint8Array<ArrayBuffer> {
  const types = OPERATIONS.map(([, parameters, result]) => [FUNC, ...vector(Array.from({ length: parameters }, () => [I32])), ...vector(result ? [[I32]] : [])])
  const imports = [[...text('m'), ...text('m'), 2, 3, ...uleb(pages), ...uleb(pages)]]            // a memory, shared, with a maximum
  const exports = OPERATIONS.map(([name], i) => [...text(name), 0, i])
  const bodies = OPERATIONS.map(([, , , code]) => sized([0, ...code, END]))
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, vector(types)), ...section(2, vector(imports)),
    ...section(3, vector(OPERATIONS.map((_, i) => [i]))), ...section(7, vector(exports)), ...section(10, vector(bodies)),
  ])
}

/** The operations on `memory`, which has a fixed size. */
export function operationsOn({ Module, Instance }: Wasm, memory: WasmMemory): Operations {
  const module = new Module(assemble(memory.buffer.byteLength / 65536))
  return new Instance(module, { m: { m: memory } }).exports as Operations
}
