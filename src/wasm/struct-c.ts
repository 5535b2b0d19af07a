// The structs of C that cross the border: struct timespec, itimerspec, sigaction, sigevent, siginfo_t, as the headers in
// c/include declare them.

import { peek, poke } from '#atomics'
import type { Address, Memory } from '../mem/memory.ts'
import type { SigInfo } from '../pthread/deliver.ts'
import type { MutableTimespec, Timespec } from '../pthread/timespec.ts'

const HIGH = 2 ** 32

/** A 64-bit integer as a number. */
export function long(m: Memory, at: Address): number {
  return peek(m, at + 4) * HIGH + (peek(m, at) >>> 0)
}

/** Stores a whole number as a 64-bit integer. */
export function putLong(m: Memory, at: Address, value: number): void {
  poke(m, at, value % HIGH | 0)
  poke(m, at + 4, Math.floor(value / HIGH) | 0)
}

/** struct timespec: a 64-bit tv_sec, a 32-bit tv_nsec, 16 bytes. */
export function timespec(m: Memory, at: Address): Timespec {
  return { tv_sec: long(m, at), tv_nsec: peek(m, at + 8) }
}

export function putTimespec(m: Memory, at: Address, { tv_sec, tv_nsec }: Timespec): void {
  putLong(m, at, tv_sec)
  poke(m, at + 8, tv_nsec)
}

/** An empty one, to be stored into. */
export function noTime(): MutableTimespec {
  return { tv_sec: 0, tv_nsec: 0 }
}

/** siginfo_t. */
export function putInfo(m: Memory, at: Address, info: SigInfo): void {
  poke(m, at, info.si_signo)
  poke(m, at + 4, info.si_code)
  poke(m, at + 8, 0)
  poke(m, at + 12, info.si_pid)
  poke(m, at + 16, 0)
  poke(m, at + 20, info.si_value)
}

/** Text that ends with a 0. */
export function text(m: Memory, at: Address): string {
  const end = m.u8.indexOf(0, at)
  return new TextDecoder().decode(m.u8.slice(at, end))
}

/** Stores text with a 0 at its end; false if it does not fit in `bytes`. */
export function putCText(m: Memory, at: Address, bytes: number, value: string): boolean {
  const encoded = new TextEncoder().encode(value)
  if (encoded.length >= bytes) return false
  m.u8.set(encoded, at)
  m.u8[at + encoded.length] = 0
  return true
}
