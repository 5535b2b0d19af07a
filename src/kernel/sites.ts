// Sites: the places of the program where threads are created and where they sleep, for reports.
//
// A stack costs microseconds, so they are noted only when the first heap asked for it, and a sleep's only when the
// thread is about to be suspended.  A site is an interned string of a few lines.  Strings are never removed, so sites
// may take half of that table, and what comes after is not noted: entries need the rest.

import { load, peek } from '#atomics'
import { intern } from './intern.ts'
import { INTERNED, kernel } from './process.ts'
import { PROCESS, Process } from './records.ts'

const DEPTH = 40, FRAMES = 4
/** Where the library's own files are: their frames are left out. */
const library = new URL('..', import.meta.url).href
const source = new URL('../../src/', import.meta.url).href

/** Whether sites are noted. */
export function tracing(): boolean {
  return peek(kernel, PROCESS + Process.tracing) !== 0
}

/** The number of the site where the library was called, innermost frame first; 0: it is not known, or there are too many. */
export function site(): number {
  if (load(kernel, PROCESS + Process.interned) > INTERNED / 2) return 0
  const { stackTraceLimit } = Error
  const holder: { stack?: unknown } = {}
  Error.stackTraceLimit = DEPTH
  Error.captureStackTrace(holder)
  Error.stackTraceLimit = stackTraceLimit
  const text = typeof holder.stack === 'string' ? framesIn(holder.stack) : ''
  return text === '' ? 0 : intern(text)
}

function framesIn(stack: string): string {
  const frames: string[] = []
  for (const line of stack.split('\n')) {
    const frame = /^\s+at (.+)$/.exec(line)?.[1]
    if (frame === undefined || frame.includes(library) || frame.includes(source) || /\(?node:/.test(frame) || frame.includes('<anonymous>')) continue
    frames.push(frame.replace('file://', ''))
    if (frames.length === FRAMES) break
  }
  return frames.join('\n')
}
