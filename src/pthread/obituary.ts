// What is printed of a thread that failed and that nobody joined.

import { peek } from '#atomics'
import { Reason } from '../kernel/death.ts'
import { textOf } from '../kernel/intern.ts'
import { kernel, record, user } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { getText } from '../mem/text.ts'
import { nameIn } from './entry.ts'

/** The thread in words: `thread 7 "teller"`. */
export function describe(slot: number): string {
  const t = record(slot)
  const name = nameOf(slot)
  return `thread ${peek(kernel, t + ThreadRecord.tid)}${name === '' ? '' : ` "${name}"`}`
}

/** The thread's name: the one it was given, or its entry's, or ''. */
export function nameOf(slot: number): string {
  const name = peek(kernel, record(slot) + ThreadRecord.name)
  if (name !== 0) return getText(user, name)
  return nameOfEntry(peek(kernel, record(slot) + ThreadRecord.entry))
}

/** The name of entry `id`; '' for a function by its source text. */
export function nameOfEntry(id: number): string {
  const entry = textOf(id)
  return entry.startsWith('i') ? '' : nameIn(entry)
}

/** Why a thread died, in words that follow its name. */
export function cause(reason: number, code: number): string {
  switch (reason) {
    case Reason.CALLED_EXIT: return `called process.exit(${code})`
    case Reason.OUT_OF_MEMORY: return 'ran out of memory: it reached its heap limit'
    case Reason.TERMINATED: return 'was terminated'
    case Reason.NEVER_STARTED: return 'never started'
    default: return 'died of an uncaught exception'
  }
}

/** A few lines for stderr about a thread that failed with `error`. */
export function obituary(slot: number, error: unknown): string {
  return `${describe(slot)} failed and nobody joins it:\n${render(error)}\n`
}

function render(error: unknown, depth = 0): string {
  let text = error instanceof Error ? error.stack ?? `${error.name}: ${error.message}` : String(error)
  if (error instanceof Error && error.cause !== undefined && depth < 8) text += `\ncaused by:\n${render(error.cause, depth + 1)}`
  return text.split('\n').map(line => `    ${line}`).join('\n')
}
