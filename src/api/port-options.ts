// What Port's methods are given besides: checked here.

import { LIMIT_MAX } from '../port/port.ts'
import { after } from './later.ts'

/** How a port is made. */
export interface PortOptions {
  name?: string
  /** How many messages it holds before `send` blocks, 1 to 32768. Default 1024. */
  capacity?: number
}

/** How a message is sent. */
export interface SendOptions {
  /** How long to wait, ms: for room, and in `do` for the answer; then ErrnoError ETIMEDOUT. Default: for ever. */
  timeout?: number
  /** Objects in the body that move instead of being copied: ArrayBuffers, MessagePorts. */
  transfer?: readonly object[]
}

/** Nothing moves. */
export const NONE: readonly object[] = []
const OPTIONS = new Set(['timeout', 'transfer'])
/** What may be said where nothing is waited for. */
export const MOVES = new Set(['transfer'])

/** Until when to wait. Throws TypeError. */
export function untilOf(options: SendOptions): number {
  if (typeof options !== 'object' || options === null) throw new TypeError(`Port: options: ${options === null ? 'null' : typeof options}, not an object`)
  transferOf(options, OPTIONS)
  return after(options.timeout)
}

/** What moves; `known` options are allowed. Throws TypeError. */
export function transferOf(options: SendOptions, known: ReadonlySet<string>): readonly object[] {
  const { transfer = NONE } = options
  if (!Array.isArray(transfer)) throw new TypeError('Port: transfer is not an array')
  for (const key of Object.keys(options)) if (!known.has(key)) throw new TypeError(`Port: unknown option "${key}"`)
  return transfer
}

/** How many messages the port is to hold. Throws RangeError. */
export function capacityIn(options: PortOptions): number {
  const { capacity = 1024 } = options ?? {}
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > LIMIT_MAX) throw new RangeError(`Port: capacity: ${String(capacity)} is not a whole number from 1 to ${LIMIT_MAX}`)
  return capacity
}
