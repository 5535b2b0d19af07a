// The process: one kernel memory, one user memory, and where the tables lie in them.
//
// The first heap that needs the kernel makes both memories; every other heap is born with them (boot.ts).
// Memory is committed by the operating system when it is touched, so large tables cost nothing.

import { bind, load, peek, poke, store } from '#atomics'
import { FIRST_BLOCK, type Arena } from '../mem/arena.ts'
import { KERNEL, Memory, reserve, USER, type Address, type Storage } from '../mem/memory.ts'
import {
  ActionRecord, Annex, BUCKETS, Bucket, CallRecord, Carrier, FIRST, Handle, MessageRecord, Place, PROCESS, Process, ServerRecord, ShapeRecord, SHAPES,
  SignalRecord, ThreadRecord, TimerRecord, VERSION,
} from './records.ts'

/** What makes a process; all optional. */
export interface Limits {
  /** How many threads may exist besides the first one. Default 32,000; at most 1,048,000. */
  threads?: number
  /** Bytes of user memory, where mutexes, names and long messages live. Default 1 GiB. */
  memory?: number
  /** How many carriers stay parked for reuse. Default 64. */
  cache?: number
  /** How many carriers run fibers. Default: as many as there are processors; one under m:1. */
  carriers?: number
}

/** The two buffers that a heap needs to join the process. */
export interface Buffers { kernel: Storage, user: Storage }

export const SPAWNER_NONE = 0, SPAWNER_STARTS = 1, SPAWNER_READY = 2
export const INTERNED = 65536
/** Keys of thread-specific data, each two words: generation * 2 + 1 while it is made; entry id of its destructor. */
export const KEYS = 65536
export const HANDLES = 1 << 23
/** How many signals there are, and how many may be queued. */
export const SIGNALS = 64, QUEUED = 4096, TIMERS = 1024
const TABLES = 4096
/** How many carriers of fibers there may be. */
export const CARRIERS = 64

/** Kernel memory. Undefined until {@link create} or {@link attach} ran. */
export let kernel: Memory
/** User memory. */
export let user: Memory
/** The arena in user memory, for mem/arena.ts. */
export let arena: Arena
/** Where the tables begin, and the masks that go with them. */
export let threads: Address = 0, carriers: Address = 0, tids: Address = 0, interned: Address = 0, handles: Address = 0, keys: Address = 0,
  actions: Address = 0, signals: Address = 0, timers: Address = 0, calls: Address = 0, callBits: Address = 0, places: Address = 0,
  rings: Address = 0, messages: Address = 0, servers: Address = 0, annexes: Address = 0, shapes: Address = 0
export let slotMask = 0
/** How many calls to the I/O thread there may be: one for each carrier at least. A multiple of 32. */
export let callCount = 0
/** How many messages between threads there may be at a time, and how many servers of ports: one less than this. */
export let messageCount = 0

/** Who runs in this heap right now. `slot` and `tid` change with every thread the carrier runs; `fiber`: it shares the carrier with others. */
export const self = { carrier: 0, slot: 0, tid: 0, fiber: false }

const FIRST_TABLE = TABLES + BUCKETS * Bucket.size

function layout(slotCount: number, carrierCount: number, placeCount: number): Address {
  threads = FIRST_TABLE
  carriers = threads + slotCount * ThreadRecord.size
  tids = carriers + carrierCount * Carrier.size
  interned = tids + slotCount * 4
  keys = interned + INTERNED * 4
  actions = keys + KEYS * 8
  signals = actions + SIGNALS * ActionRecord.size
  timers = signals + QUEUED * SignalRecord.size
  callCount = Math.max(1024, carrierCount + 31 & ~31)
  calls = timers + TIMERS * TimerRecord.size
  callBits = calls + callCount * CallRecord.size
  messageCount = Math.min(slotCount, 65536)
  messages = callBits + (callCount >>> 3) + 63 & ~63
  servers = messages + messageCount * MessageRecord.size
  shapes = servers + messageCount * ServerRecord.size
  handles = shapes + SHAPES * ShapeRecord.size
  places = handles + HANDLES * Handle.size
  rings = places + placeCount * Place.size
  annexes = rings + placeCount * 2 * slotCount * 4
  slotMask = slotCount - 1
  return annexes + slotCount * Annex.size
}

/** Before there are threads: there will be `count` carriers of fibers, no more than the process was made for. For the lab. */
export function setCarriers(count: number): void {
  poke(kernel, PROCESS + Process.places, count + 1)
  layout(slotMask + 1, peek(kernel, PROCESS + Process.carriers), count + 1)
}

/** True once this heap belongs to a process. */
export function attached(): boolean {
  return self.carrier !== 0
}

/** Of 2^21 records the other half are asynchronous acquisitions'; a few are the library's own. */
const THREADS_MAX = 1_048_000

/** The limits, with defaults. Throws RangeError for what is none. */
export function checkLimits(limits: Limits): { wanted: number, bytes: number, cache: number, carriers: number } {
  const { threads: wanted = 32_000, memory: bytes = 2 ** 30, cache = 64, carriers = 1 } = limits
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > THREADS_MAX) throw new RangeError(`threads: ${wanted} is not a whole number from 1 to 1,048,000`)
  if (!Number.isInteger(bytes) || bytes < 2 ** 20 || bytes > 2 ** 31 - 65536) throw new RangeError(`memory: ${bytes} is not a number of bytes from 1 MiB to 2 GiB`)
  if (!Number.isInteger(cache) || cache < 0 || cache > 65535) throw new RangeError(`cache: ${cache} is not a whole number from 0 to 65,535`)
  if (!Number.isInteger(carriers) || carriers < 1 || carriers > CARRIERS) throw new RangeError(`carriers: ${carriers} is not a whole number from 1 to ${CARRIERS}`)
  return { wanted, bytes, cache, carriers }
}

/** Makes the process, with room for `own` threads more than the limits say. Throws RangeError for limits that are none. */
export function create(limits: Limits, pid: number, own = 0): void {
  const { wanted: asked, bytes, cache, carriers: carriersWanted } = checkLimits(limits)
  const wanted = asked + own
  const placeCount = carriersWanted + 1
  let slotCount = 1024
  while (slotCount < 2 * (wanted + 2)) slotCount *= 2                // half of it for asynchronous acquisitions
  const carrierCount = Math.min(wanted + cache, 65536) + CARRIERS + 8
  kernel = reserve(KERNEL, layout(slotCount, carrierCount, placeCount))
  user = reserve(USER, bytes)
  bind(kernel)
  bind(user)
  arena = { memory: user, locks: kernel, lock: PROCESS + Process.heapLock }
  const set = (field: number, value: number): void => poke(kernel, PROCESS + field, value)
  set(Process.version, VERSION)
  set(Process.pid, pid)
  set(Process.threads, wanted)
  set(Process.slots, slotCount)
  set(Process.carriers, carrierCount)
  set(Process.places, placeCount)
  set(Process.bumpThread, 1)
  set(Process.bumpCarrier, FIRST + 2)
  set(Process.bumpHandle, 1)
  set(Process.bumpSignal, 1)
  set(Process.cacheLimit, cache)
  set(Process.memories, USER)
  poke(user, 0, -1)                                                       // no lock is free there, and no value above 0
  store(user, FIRST_BLOCK, 0)
}

/** Joins a process that another heap made. */
export function attach(buffers: Buffers): void {
  kernel = new Memory(KERNEL, buffers.kernel)
  bind(kernel)
  if (load(kernel, PROCESS + Process.version) !== VERSION) throw new Error('pthreads: this heap and the process that it joins have different versions of the library')
  user = new Memory(USER, buffers.user)
  bind(user)
  arena = { memory: user, locks: kernel, lock: PROCESS + Process.heapLock }
  layout(load(kernel, PROCESS + Process.slots), load(kernel, PROCESS + Process.carriers), load(kernel, PROCESS + Process.places))
}

/** The buffers to hand to a new heap. */
export function buffers(): Buffers {
  return { kernel: kernel.wasm ?? kernel.buffer, user: user.wasm ?? user.buffer }
}

/** Address of the record in thread slot `slot`. */
export function record(slot: number): Address {
  return threads + slot * ThreadRecord.size
}

/** Address of the rest of the record in thread slot `slot`. */
export function annex(slot: number): Address {
  return annexes + slot * Annex.size
}

/** The slot of the record at `t`. */
export function slotOf(t: Address): number {
  return (t - threads) / ThreadRecord.size
}

/** Address of carrier `n`'s record. */
export function carrierRecord(n: number): Address {
  return carriers + n * Carrier.size
}

/** Address of place `i` among the carriers of fibers. */
export function placeRecord(i: number): Address {
  return places + i * Place.size
}

/** Address of timer `n`. */
export function timerRecord(n: number): Address {
  return timers + n * TimerRecord.size
}

/** Address of the record of call `n`. */
export function callRecord(n: number): Address {
  return calls + n * CallRecord.size
}

/** Address of the record of message `n`. */
export function messageRecord(n: number): Address {
  return messages + n * MessageRecord.size
}

/** Address of the record of server `n`. */
export function serverRecord(n: number): Address {
  return servers + n * ServerRecord.size
}

/** Address of shape `n`. */
export function shapeRecord(n: number): Address {
  return shapes + n * ShapeRecord.size
}

/** Address of bucket `n`. */
export function bucketRecord(n: number): Address {
  return TABLES + n * Bucket.size
}
