// The words of a message, and what the layers above teach the codec.
//
// A message is a sequence of 32-bit words at a 4-byte boundary.
//
//   word 0      MAGIC in the upper bits, REFERENCES or 0 in the lowest
//   word 1      length of the message in bytes, these four words included
//   word 2      index of the last extension record, 0 if there is none
//   word 3      how many values travel beside the bytes, in `extras`
//   word 4 …    one value, then the bodies that it left for later
//
// A value starts with a word: its tag in the low 8 bits, a count in the upper 24.  A count of -1 says that the
// count did not fit and is the next word.
//
//   INT                the number is the count           INT32  word      DOUBLE  two words
//   LATIN1, UTF16      count units, padded to a word     BIGINT count: 0 positive, 1 negative; digits
//   OBJECT             body: count times key, value
//   SHAPED             count: number of the object's shape (shapes.ts); body: the values
//   ARRAY              body: count elements, the number of named properties, key and value of each.
//                      HOLE: no element here.  REST: only holes from here but for n pairs (index, value).
//                      DOUBLES: count elements that are numbers, two words each
//   MAP, SET           body: n, then n times key and value, or n members
//   ERROR              count: which class; message, stack, name; body: cause, errors, n, key and value of each
//   DATE, REGEXP, BOX  the primitives they are made of
//   BUFFER             the bytes it may grow to or -1, then count bytes padded to a word; LARGE
//                      ones and more start at an even word, because engines copy unaligned shared bytes one by one
//   VIEW               count: which class; byte offset, length or -1 (as long as the buffer), the buffer
//   REFERENCE          the object that came as number `count`; objects count in the order they begin
//   EXTRA              extras[count]
//   EXTENSION          count: the extension's tag; index of the extension record before this one or 0;
//                      number of words; the words
//
// Depth.  A body follows its head at once, unless that head stands DEPTH levels deep: then the body waits in
// a queue and is written after the value, or after the bodies queued before it, with the levels counted
// from 0 again.  Reader and writer count alike, so nothing in the bytes says so, and no nesting overflows a stack.
//
// The list through the extension records lets an undelivered message be released without being decoded.

export const MAGIC = 0x70746800, REFERENCES = 1

/** Words before the first value. */
export const HEAD = 4
/** Levels of nesting that are written in place. */
export const DEPTH = 64
/** Bytes of a buffer from which on copying it costs more than anything else. */
export const LARGE = 1 << 16
/** Words in the largest message: lengths in bytes are positive 32-bit integers. */
export const MOST = 0x1fff_fffe

export const INT = 1, LATIN1 = 2, OBJECT = 3, ARRAY = 4, DOUBLE = 5, INT32 = 6, TRUE = 7, FALSE = 8, UNDEFINED = 9, NULL = 10,
  UTF16 = 11, REFERENCE = 12, EXTENSION = 13, EXTRA = 14, HOLE = 15, REST = 16, MAP = 17, SET = 18, DATE = 19, REGEXP = 20,
  BIGINT = 21, BUFFER = 22, VIEW = 23, ERROR = 24, BOX = 25, DOUBLES = 26, SHAPED = 27

/** Numbers in a row, the first of which is no small integer, from which on they are written as DOUBLES. */
export const ROW = 8

/** What ERROR's count means. An error of another name arrives as the first, as with structuredClone. */
export const ERRORS = ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'AggregateError', 'DOMException']
export const AGGREGATE = 7, EXCEPTION = 8

/** What VIEW's count means. */
export const VIEWS = ['DataView', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
  'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'Float16Array']

export const NONE: readonly never[] = Object.freeze([])

/** What an extension may write. */
export interface WordWriter {
  /** Writes a 32-bit integer. */
  word(n: number): void
  text(s: string): void
}

/** What an extension reads: what it wrote, in the same order. Reading past that throws. */
export interface WordReader {
  word(): number
  text(): string
}

/** A kind of object that the layers above know how to describe in words. */
export interface Extension {
  /** Stands for this kind in messages, the same in every thread: 1 to 255. */
  readonly tag: number
  /** Whether `o` is of this kind. Asked for functions and for objects that are neither arrays nor plain. */
  matches(o: object): boolean
  /** Describes `o`; may take a reference. If it throws, it has taken none. */
  encode(o: object, w: WordWriter): void
  /** Makes the object; takes over the reference. */
  decode(r: WordReader): object
  /** The message will not be delivered: gives back what `encode` took. Must not throw. */
  release?(r: WordReader): void
}

export const extensions: Extension[] = []
export const extensionsByTag: (Extension | undefined)[] = []

/** Teaches the codec a kind of object. Throws a RangeError for a tag out of range or taken. */
export function extend(e: Extension): void {
  if (!(e.tag >= 1 && e.tag <= 255) || extensionsByTag[e.tag] !== undefined) throw new RangeError(`extend: tag ${e.tag} is out of range or taken`)
  extensions.push(e)
  extensionsByTag[e.tag] = e
}
