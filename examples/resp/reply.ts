// What a client is answered, from values to bytes. Small answers are strings, a character for each byte, which the socket writes without a
// copy of ours; a large value is never joined to anything: the same buffer that the table holds goes to the socket.

import type { Arg } from './parser.ts'

/** An answer, complete: characters 0 to 255, or parts to be written one after another. */
export type Reply = string | readonly Arg[]

export const OK = '+OK\r\n', NIL = '$-1\r\n', PONG = '+PONG\r\n', NO_MEMORY = '-OOM command not allowed when used memory > \'maxmemory\'.\r\n'

/** An error, in one line. `text` begins with its kind, as ERR. */
export const failure = (text: string): string => `-${text.replace(/[\r\n]/g, ' ')}\r\n`

export const integer = (n: number): string => `:${n}\r\n`

export function bulk(value: Arg | undefined): Reply {
  if (value === undefined) return NIL
  return typeof value === 'string' ? `$${value.length}\r\n${value}\r\n` : [`$${value.length}\r\n`, value, '\r\n']
}

/** The most that one answer holds, and what another thread answers at once, bytes: a client may name a key a million times in one request. */
export const LONGEST_ANSWER = 640 * 2 ** 20

/** How long a string of small answers becomes before the next one is begun: the engine has a longest string. */
const PART = 2 ** 20

/** An array of answers, or that it would be too long. */
export function array(replies: readonly Reply[]): Reply {
  let bytes = 0
  for (const reply of replies) bytes += sizeOf(reply)
  return bytes > LONGEST_ANSWER ? failure('ERR the answer would be too long') : joined(replies)
}

function joined(replies: readonly Reply[]): Reply {
  const parts: Arg[] = []
  let text = `*${replies.length}\r\n`
  for (const reply of replies) {
    if (typeof reply === 'string') {
      text += reply
    } else {
      parts.push(text, ...reply)
      text = ''
    }
    if (text.length > PART) {
      parts.push(text)
      text = ''
    }
  }
  if (parts.length === 0) return text
  if (text !== '') parts.push(text)
  return parts
}

export const sizeOf = (reply: string | readonly Arg[]): number => typeof reply === 'string' ? reply.length : reply.reduce((sum, part) => sum + part.length, 0)

export const isFailure = (reply: Reply): boolean => typeof reply === 'string' && reply.charCodeAt(0) === 45
