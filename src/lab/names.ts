// Addresses in the source's own terms: `mutex.word`, `bucket 17.lock`, `thread 2.park`, as the records were declared.

import {
  annex, annexes, bucketRecord, callRecord, calls, carrierRecord, carriers, kernel, messageRecord, messages, placeRecord, places, record, rings, slotMask,
  threads,
} from '../kernel/process.ts'
import { Annex, BUCKETS, Bucket, CallRecord, Carrier, IO, Io, MessageRecord, Place, PROCESS, ThreadRecord } from '../kernel/records.ts'
import { wmesgs } from '../kernel/wmesg.ts'
import { KERNEL, USER, type Address } from '../mem/memory.ts'
import { layouts, type Layout } from '../mem/struct.ts'

interface Named { readonly at: Address, readonly label: string, readonly layout: Layout }
const named: Named[] = []

const RECORD_OF: Readonly<Record<string, string>> = {
  Mutex: 'mutex', Condition: 'cond', Semaphore: 'sem', Once: 'once', RwLock: 'rwlock', Barrier: 'barrier', SpinLock: 'spin', Port: 'port',
}
const layoutOf = (name: string): Layout | undefined => layouts.find(layout => layout.name === name)

/** Learns the names of what setup returned: objects of the library, and addresses (`mutex`, `cond2`) by their property. */
export function learnNames(objects: unknown): void {
  if (typeof objects !== 'object' || objects === null) return
  for (const [key, value] of [['', objects] as const, ...Object.entries(objects)]) {
    if (typeof value === 'number') {
      const layout = layouts.find(({ name }) => key.toLowerCase() === name) ?? layouts.find(({ name }) => key.toLowerCase().startsWith(name))
      if (layout !== undefined) named.push({ at: value, label: key, layout })
    } else if (typeof value === 'object' && value !== null) {
      const layout = layoutOf(RECORD_OF[value.constructor?.name] ?? '')
      const at: unknown = Reflect.get(value, 'at')
      if (layout !== undefined && typeof at === 'number') named.push({ at, label: (value as { name: string }).name || key || layout.name, layout })
    }
  }
}

const field = ({ fields }: Layout, offset: number): string => {
  const found = fields.find(each => offset >= each.offset && offset < each.offset + each.bytes)
  return found === undefined ? String(offset) : found.name + (offset === found.offset ? '' : `+${offset - found.offset}`)
}
const within = (name: string, label: string, offset: number): string => `${label}.${field(layoutOf(name)!, offset)}`

/** The word at `a` of memory `id`. */
export function nameOf(id: number, a: Address): string {
  if (id === KERNEL) {
    if (a >= IO && a < IO + Io.size) return within('io', 'io', a - IO)
    if (a >= calls && a < callRecord(256)) return within('call', `call ${Math.floor((a - calls) / CallRecord.size)}`, (a - calls) % CallRecord.size)
    if (a >= messages && a < messageRecord(256)) return within('message', `message ${Math.floor((a - messages) / MessageRecord.size)}`, (a - messages) % MessageRecord.size)
    if (a >= PROCESS && a < bucketRecord(0)) return within('process', 'process', a - PROCESS)
    if (a >= bucketRecord(0) && a < bucketRecord(BUCKETS)) {
      const n = Math.floor((a - bucketRecord(0)) / Bucket.size)
      return within('bucket', `bucket ${n}`, a - bucketRecord(n))
    }
    if (a >= threads && a < carriers) {
      const slot = Math.floor((a - threads) / ThreadRecord.size)
      return within('thread', `thread ${kernel.i32[(record(slot) + ThreadRecord.tid) >>> 2]}`, a - record(slot))
    }
    if (a >= places && a < rings) {
      const i = Math.floor((a - places) / Place.size)
      return within('place', `place ${i}`, a - placeRecord(i))
    }
    if (a >= annexes && a < annex(slotMask)) {
      const slot = Math.floor((a - annexes) / Annex.size)
      return within('annex', `thread ${kernel.i32[(record(slot) + ThreadRecord.tid) >>> 2]}`, a - annex(slot))
    }
    const n = Math.floor((a - carriers) / Carrier.size)
    if (a >= carriers && n < 256) return within('carrier', `carrier ${n}`, a - carrierRecord(n))
    return `kernel+0x${a.toString(16)}`
  }
  const object = named.find(({ at, layout }) => id === USER && a >= at && a < at + layout.size)
  if (object !== undefined) return `${object.label}.${field(object.layout, a - object.at)}`
  return `${id === USER ? 'user' : `memory ${id}`}+0x${a.toString(16)}`
}

/** What a futex sleep of thread record `slot` is on: its reason and word. */
export function reasonOf(slot: number): { reason: string, word: string, memory: number, address: Address } {
  const t = record(slot) >>> 2
  const of = (offset: number): number => kernel.i32[t + (offset >>> 2)]
  const memory = of(ThreadRecord.memory), address = of(ThreadRecord.address)
  return { reason: wmesgs[of(ThreadRecord.wmesg)], word: nameOf(memory, address), memory, address }
}
