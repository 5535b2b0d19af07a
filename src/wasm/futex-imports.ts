// memory.atomic.wait32, wait64 and notify of a program, which transform.ts has made calls: the kernel's futex.

import { load, peek } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { ETIMEDOUT } from '../kernel/errno.ts'
import { wake } from '../kernel/futex.ts'
import { block, refused, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Address, Memory } from '../mem/memory.ts'

const OK = 0, NOT_EQUAL = 1, TIMED_OUT = 2
/** How often a wait for 64 bits looks at the upper half, ms. */
const LOOK = 10

function* wait_slow(m: Memory, a: Address, expected: number, until: number): Sleeper<number> {
  const result = yield wait(m, a, expected, wmesg.futex, until)
  return result === ETIMEDOUT ? TIMED_OUT : refused && load(m, a) !== expected ? NOT_EQUAL : OK
}

// The futex compares 32 bits: the lower half is compared as it should be, the upper one before, and every LOOK.
function* wait64_slow(m: Memory, a: Address, low: number, high: number, end: number): Sleeper<number> {
  for (;;) {
    if (load(m, a) !== low || peek(m, a + 4) !== high) return NOT_EQUAL
    const result = yield* wait_slow(m, a, low, Math.min(end, now(CLOCK_MONOTONIC) + LOOK))
    if (result !== TIMED_OUT || now(CLOCK_MONOTONIC) >= end) return result
  }
}

function until(timeout: bigint): number {
  return timeout < 0n ? Infinity : now(CLOCK_MONOTONIC) + Number(timeout) / 1e6
}

/** The imports. An address is the operand plus the instruction's offset. */
export function futexImports(m: Memory): Record<string, unknown> {
  const place = (address: number, offset: number): Address => (address >>> 0) + (offset >>> 0)
  return {
    notify: (address: number, count: number, offset: number) => wake(m, place(address, offset), count < 0 ? Infinity : count),
    wait32: (address: number, expected: number, timeout: bigint, offset: number) => {
      const a = place(address, offset)
      return load(m, a) === expected ? block(wait_slow(m, a, expected, until(timeout))) : NOT_EQUAL
    },
    wait64: (address: number, expected: bigint, timeout: bigint, offset: number) => {
      const low = Number(BigInt.asIntN(32, expected)), high = Number(BigInt.asIntN(32, expected >> 32n))
      return block(wait64_slow(m, place(address, offset), low, high, until(timeout)))
    },
  }
}
