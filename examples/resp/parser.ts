// What a client sends, from bytes to requests, wherever the network cut the stream.
//
// A request is an array of bulk strings, or a line of words (inline: a person with telnet). An argument shorter than LARGE is a string with
// a character for each byte, which the engine keeps in as many bytes and compares fast; a longer one is a buffer of its own.
//
// A number that a client claims costs nothing: memory is taken as bytes arrive, is at most twice what has arrived, and is
// charged to a budget that all connections of the thread share.

import type { Budget } from './budget.ts'

/** An argument: characters 0 to 255, or, from {@link LARGE} bytes, a buffer that nothing else uses. */
export type Arg = string | Uint8Array

/** From here on an argument is a buffer. */
export const LARGE = 16384

const MOST_ARGUMENTS = 1024 * 1024, LONGEST_BULK = 512 * 2 ** 20, LONGEST_LINE = 65536, LONGEST_REQUEST = LONGEST_BULK + 2 ** 20
const CR = 13, LF = 10, STAR = 42, DOLLAR = 36, MINUS = 45, FIRST = 65536

/** What no client says: the connection ends with this answer. */
export class ProtocolError extends Error {}

const NOTHING: Buffer = Buffer.alloc(0)

/** Takes a stream of bytes apart. */
export class Parser {
  readonly #budget: Budget
  /** What came last, and how far it is read. */
  #bytes = NOTHING
  #at = 0
  /** The request that is being read: its arguments so far, and how many it will have; 0: none. */
  #args: Arg[] = []
  #count = 0
  /** Length of the argument that comes now, or -1 before it is known. */
  #length = -1
  /** The large argument that is being read, as far as it is there. */
  #large: Buffer | undefined
  #filled = 0
  /** Bytes of the request that are charged to the budget. */
  #charged = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Adds what has arrived. */
  push(chunk: Buffer): void {
    const rest = this.#bytes.length - this.#at
    this.#bytes = rest === 0 ? chunk : Buffer.concat([this.#bytes.subarray(this.#at), chunk])
    this.#at = 0
  }

  /** The next request, or undefined until more has arrived. Throws {@link ProtocolError}; then it is of no use any more. */
  next(): Arg[] | undefined {
    for (;;) {
      if (this.#count === 0 && !this.#begin()) return undefined
      if (this.#count > 0 && !this.#arguments()) return undefined
      const args = this.#args
      this.#args = []
      this.#count = 0
      this.#release()
      if (args.length > 0) return args                                     // nothing is asked by an empty line, or an array of no length
    }
  }

  /** Gives back what it was charged for: the connection has ended. */
  close(): void {
    this.#release()
    this.#bytes = NOTHING
    this.#large = undefined
    this.#at = 0
  }

  #release(): void {
    if (this.#charged === 0) return
    this.#budget.give(this.#charged)
    this.#charged = 0
  }

  #begin(): boolean {
    const bytes = this.#bytes, at = this.#at
    if (at === bytes.length) return false
    if (bytes[at] !== STAR) return this.#inline()
    const count = this.#number('multibulk length')
    if (count === undefined) return false
    if (count > MOST_ARGUMENTS) throw new ProtocolError('invalid multibulk length')
    this.#count = Math.max(count, 0)
    return true
  }

  #arguments(): boolean {
    while (this.#args.length < this.#count) {
      if (this.#length < 0 && !this.#header()) return false
      if (this.#length < LARGE ? !this.#short() : !this.#long()) return false
      this.#length = -1
    }
    return true
  }

  #header(): boolean {
    const bytes = this.#bytes, at = this.#at
    if (at === bytes.length) return false
    if (bytes[at] !== DOLLAR) throw new ProtocolError(`expected '$', got '${String.fromCharCode(bytes[at])}'`)
    const length = this.#number('bulk length')
    if (length === undefined) return false
    if (length < 0 || length > LONGEST_BULK) throw new ProtocolError('invalid bulk length')
    if (this.#charged + length > LONGEST_REQUEST) throw new ProtocolError('too big request')
    this.#length = length
    return true
  }

  #short(): boolean {
    const end = this.#at + this.#length, bytes = this.#bytes
    if (end + 2 > bytes.length) return false
    if (bytes[end] !== CR || bytes[end + 1] !== LF) throw new ProtocolError('expected the end of a bulk string')
    if (this.#args.length >= 8) this.#charge(this.#length)                 // what a few short words take is no matter
    this.#args.push(textOf(bytes, this.#at, end))
    this.#at = end + 2
    return true
  }

  #long(): boolean {
    const length = this.#length, bytes = this.#bytes
    const part = Math.min(length - this.#filled, bytes.length - this.#at)
    if (part > 0) {
      bytes.copy(this.#room(this.#filled + part), this.#filled, this.#at, this.#at + part)
      this.#filled += part
      this.#at += part
    }
    if (this.#filled < length || bytes.length - this.#at < 2) return false
    if (bytes[this.#at] !== CR || bytes[this.#at + 1] !== LF) throw new ProtocolError('expected the end of a bulk string')
    this.#at += 2
    this.#args.push(this.#large!)
    this.#large = undefined
    this.#filled = 0
    return true
  }

  // The large argument with room for `filled` bytes: it doubles until it has its length.
  #room(filled: number): Buffer {
    const large = this.#large
    if (large !== undefined && filled <= large.length) return large
    const size = Math.min(this.#length, Math.max(FIRST, filled, 2 * (large?.length ?? 0)))
    this.#charge(size - (large?.length ?? 0))
    const grown = Buffer.allocUnsafeSlow(size)
    large?.copy(grown, 0, 0, this.#filled)
    this.#large = grown
    return grown
  }

  #charge(bytes: number): void {
    if (!this.#budget.take(bytes)) throw new ProtocolError('no memory is left for the request')
    this.#charged += bytes
  }

  // The number of a line `*3` or `$3`, past which it moves; undefined while the line is not complete. There is one way to write a number.
  #number(what: string): number | undefined {
    const bytes = this.#bytes
    let at = this.#at + 1, value = 0
    const negative = bytes[at] === MINUS
    if (negative) at++
    const first = at
    for (; at < bytes.length && bytes[at] !== CR; at++) {
      const digit = bytes[at] - 48
      if (digit < 0 || digit > 9 || at - first > 15 || at > first && value === 0) throw new ProtocolError(`invalid ${what}`)
      value = value * 10 + digit
    }
    if (at + 2 > bytes.length) return undefined
    if (at === first || bytes[at + 1] !== LF || negative && value === 0) throw new ProtocolError(`invalid ${what}`)
    this.#at = at + 2
    return negative ? -value : value
  }

  // A line of words. It is taken as it is: what is not there yet may be 64 KB.
  #inline(): boolean {
    const bytes = this.#bytes, at = this.#at
    const end = bytes.indexOf(LF, at)
    if ((end < 0 ? bytes.length : end) - at > LONGEST_LINE) throw new ProtocolError('too big inline request')
    if (end < 0) return false
    const words = split(bytes.toString('latin1', at, end > at && bytes[end - 1] === CR ? end - 1 : end))
    if (words === undefined) throw new ProtocolError('unbalanced quotes in request')
    if (HTTP.test(String(words[0]))) throw new ProtocolError('this is not HTTP')
    this.#at = end + 1
    this.#args = words
    return true
  }
}

/** What a browser says that a page has sent here: its body would be commands. */
const HTTP = /^(post|host:)$/i

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' }

// A call into the engine takes as long as seven turns of this loop, and most words are short.
function textOf(bytes: Buffer, from: number, to: number): string {
  if (to - from > 7) return bytes.toString('latin1', from, to)
  let text = ''
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at])
  return text
}

/** The words of a line: 'as is', "with \n and \x00", or bare. Undefined if a quote is open at the end, or a word stands right behind one. */
export function split(line: string): Arg[] | undefined {
  const words: Arg[] = []
  const word = /[\t-\r ]*(?:"((?:[^"\\]|\\[^])*)"(?![^\t-\r ])|'((?:[^'\\]|\\[^])*)'(?![^\t-\r ])|([^\t-\r "']+)(?!["']))|[\t-\r ]+$/gy
  while (word.lastIndex < line.length) {
    const found = word.exec(line)
    if (found === null) return undefined
    const [, double, single, bare] = found
    const text = bare ?? single?.replaceAll('\\\'', '\'') ?? double?.replace(/\\(?:x([0-9a-fA-F]{2})|([^]))/g, unescaped)
    if (text !== undefined) words.push(text)
  }
  return words
}

const unescaped = (_: string, hex: string | undefined, letter: string): string =>
  hex === undefined ? ESCAPES[letter] ?? letter : String.fromCharCode(parseInt(hex, 16))
