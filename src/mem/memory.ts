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

export class Memory {
  /** Same number in every thread of the process; half of a futex key. */
  readonly id: number
  readonly buffer: SharedArrayBuffer
  readonly i32: Int32Array
  readonly u8: Uint8Array
  readonly f64: Float64Array
  /** Length in bytes. */
  readonly size: number

  constructor(id: number, buffer: SharedArrayBuffer) {
    this.id = id
    this.buffer = buffer
    this.size = buffer.byteLength
    this.i32 = new Int32Array(buffer)
    this.u8 = new Uint8Array(buffer)
    this.f64 = new Float64Array(buffer, 0, this.size >>> 3)
  }
}

/** Reserves a memory of `bytes` bytes; what nobody touches costs nothing. Throws RangeError if the host refuses. */
export function reserve(id: number, bytes: number): Memory {
  return new Memory(id, new SharedArrayBuffer(bytes))
}
