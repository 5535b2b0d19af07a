// The steps of a schedule, written down when it is replayed: who, what, on which word, from where in the source.
//
// They go into the control memory as text, a line each, because the threads of a schedule that failed can tell
// nobody any more.

import type { Address, Memory } from '../mem/memory.ts'
import { at, bytes, c, TRACE_AT, TRACE_SIZE } from './control.ts'
import { me } from './turn.ts'

/** One step. */
export interface Step { thread: number, step: number, text: string, where: string }

let nameOf = (memory: number, a: Address): string => `memory ${memory}+${a}`

/** Installs what names words. The atomics cannot import it: it stands on the kernel, and the kernel on them. */
export function installNames(names: (memory: number, a: Address) => string): void {
  nameOf = names
}

const encoder = new TextEncoder()
const OURS = /[\\/]lab[\\/](atomics|trace|turn|worker)\.[jt]s|[\\/]mem[\\/]lock\.[jt]s/
const MOST_FRAMES = 12

/** Writes down a step of the running thread. */
export function trace(operation: string, m: Memory, a: Address, result: number, value: number, expected: number): void {
  write({ thread: me, step: c[at.steps], text: `${operation} ${nameOf(m.id, a)} ${effect(operation, result, value, expected)}`, where: where() })
}

/** Writes down something that is no operation. */
export function traceEvent(text: string): void {
  if (c[at.tracing] !== 0) write({ thread: me, step: c[at.steps], text, where: '' })
}

function write(step: Step): void {
  const text = encoder.encode(JSON.stringify(step) + '\n')
  if (c[at.traced] + text.length > TRACE_SIZE) return
  bytes.set(text, TRACE_AT + c[at.traced])
  c[at.traced] += text.length
}

/** The steps that were written down. */
export function readTrace(): Step[] {
  const text = new TextDecoder().decode(bytes.slice(TRACE_AT, TRACE_AT + c[at.traced]))
  return text.split('\n').filter(Boolean).map(line => JSON.parse(line) as Step)
}

function effect(operation: string, result: number, value: number, expected: number): string {
  switch (operation) {
    case 'load': case 'peek': return `= ${result}`
    case 'cas': return result === expected ? `${expected} -> ${value}` : `= ${result}, not ${expected}`
    case 'exchange': return `${result} -> ${value}`
    case 'add': return `${result} -> ${result + value}`
    case 'suspend': return result === value ? 'sleeps' : `= ${result}, not ${value}`
    case 'resume': return result === 0 ? 'nobody' : `${result}`
    default: return `<- ${value}`
  }
}

const PACKAGE = new URL('../../', import.meta.url).pathname
const isLibrary = (place: string): boolean => place.startsWith(PACKAGE) && /^(?:src|dist)[\\/]/.test(place.slice(PACKAGE.length))

// The first place that is not the lab's own, or a lock's; and the first that is not the library's.
function where(): string {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = MOST_FRAMES
  const frames = (new Error().stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = before
  const places = frames.filter(line => !OURS.test(line)).map(line => (/\(?((?:file:\/\/)?[^()\s]+:\d+):\d+\)?$/.exec(line)?.[1] ?? '').replace(/^file:\/\//, ''))
  const [first = ''] = places
  const program = places.find(place => place !== '' && !place.startsWith('node:') && !isLibrary(place))
  return [...isLibrary(first) ? [first.slice(PACKAGE.length + 4).replace(/^[\\/]/, '')] : [], ...program === undefined ? [] : [program.replace(/^.*[\\/]/, '')]].join('  ')
}
