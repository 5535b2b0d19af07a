// The codec: the one way in which arguments, results and errors travel between threads.
//
//   const message = encode([42, 'abc'], 'args')
//   message.place(memory, allocate(message.size))           // the sender
//   const [n, s] = decode(memory, address) as unknown[]     // the receiver
//
// What arrives is what structuredClone would make of the value, and more: objects of the library, the code and
// every own property of an error, AggregateError, DOMException.  Bytes carry it.  What bytes cannot carry
// (shared memory, transferred objects, compiled modules, objects of the platform) is in `extras` and
// travels through a MessagePort.
//
// Differences from structuredClone: an object past DEPTH levels is visited later, which only getters can
// notice; proxies and `arguments` objects are copied as what they look like; objects that only look like errors
// (made with Object.create) arrive as errors; properties of an error that cannot travel are left out (what is wrong more than DEPTH levels below
// the error still makes the whole fail).
//
// The bytes are plain memory: whoever hands a message over (a state word, a queue) orders the accesses.
//
// codec-format.ts has the layout, codec-write.ts and codec-words.ts the sender, codec-read.ts the receiver,
// codec-kinds.ts says what an object is, codec-path.ts where it stands, codec-strings.ts moves strings, shapes.ts
// knows what objects have been sent before.

export { extend } from './codec-format.ts'
export { encode } from './codec-write.ts'
export { decode, decodeBare, extrasNeeded, messageSize, releaseMessage } from './codec-read.ts'
export { installPlatform, isFixedShared } from './codec-kinds.ts'
export { installStrings, portableStrings } from './codec-strings.ts'
export { installShapes } from './shapes.ts'
export type { Extension, WordReader, WordWriter } from './codec-format.ts'
export type { Carriage, Platform } from './codec-kinds.ts'
export type { Strings } from './codec-strings.ts'
export type { Message } from './codec-write.ts'
