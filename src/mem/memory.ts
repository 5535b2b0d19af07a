// A memory: one SharedArrayBuffer, the views on it, and the id by which every thread of the process calls it.
//
// A synchronization object is a pair (memory, address).  Address is a byte offset; records are aligned to 4
// bytes or more, doubles to 8.  The views have a fixed length: length-tracking views of a growable buffer
// are 3 to 5 times slower in every access, and memory that nobody touched costs nothing.

/** A byte offset in a memory. 0 is no address: the first bytes of a memory are its header. */
export type Address = number

/** The id of the memory that holds the kernel's tables. */
export const KERNEL = 0
/** The id of the memory that holds the process's objects: mutexes, messages, names. */
export const USER = 1

/** A WebAssembly.Memory. */
export interface WasmMemory { readonly buffer: ArrayBufferLike }

/** The parts of the global WebAssembly that the library needs; the platform's types are not assumed. */
export interface Wasm {
  Memory: new (limits: { initial: number, maximum: number, shared: true }) => WasmMemory
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { readonly exports: object }
}

/** The engine's WebAssembly; undefined in one that has none. */
export const wasm = Reflect.get(globalThis, 'WebAssembly') as Wasm | undefined

/** What a memory is made of, and what travels to other heaps. */
export type Storage = WasmMemory | SharedArrayBuffer

export class Memory {
  /** Same number in every thread of the process; half of a futex key. */
  readonly id: number
  readonly buffer: SharedArrayBuffer
  /** The same memory as wasm knows it; absent for a plain SharedArrayBuffer. */
  readonly wasm: WasmMemory | undefined
  readonly i32: Int32Array
  readonly u8: Uint8Array
  readonly f64: Float64Array
  /** Length in bytes. */
  readonly size: number

  constructor(id: number, source: Storage) {
    const plain = source instanceof SharedArrayBuffer
    const buffer = plain ? source : source.buffer as SharedArrayBuffer
    this.id = id
    this.wasm = plain ? undefined : source
    this.buffer = buffer
    this.size = buffer.byteLength
    this.i32 = new Int32Array(buffer)
    this.u8 = new Uint8Array(buffer)
    this.f64 = new Float64Array(buffer, 0, Math.floor(this.size / 8))
  }
}

/** Whether an object of `bytes` bytes can lie at `a`: not at 0, aligned to 4, within the memory. */
export function fits(m: Memory, a: Address, bytes: number): boolean {
  return a > 0 && (a & 3) === 0 && a + bytes <= m.size
}

/** Reserves a memory of `bytes` bytes, rounded up to 64 KiB; what nobody touches costs nothing. Throws RangeError if the host refuses. */
export function reserve(id: number, bytes: number): Memory {
  const pages = Math.ceil(bytes / 65536)
  if (wasm === undefined) return new Memory(id, new SharedArrayBuffer(pages * 65536))
  try {
    return new Memory(id, new wasm.Memory({ initial: pages, maximum: pages, shared: true }))
  } catch {
    return new Memory(id, new SharedArrayBuffer(pages * 65536))          // engines reserve 8 GiB of addresses for a memory; a limit may forbid that
  }
}
