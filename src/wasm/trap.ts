// Traps: what went wrong in a thread of a program, in words, and the signal that a processor would have raised.

import { SIGABRT, SIGFPE, SIGILL, SIGPIPE, SIGSEGV } from '../kernel/signo.ts'
import { engine } from './engine.ts'

/** What a trap was. */
export interface Trap { signal: number, reason: string, where: string[] }

const names: Readonly<Record<number, string>> = { [SIGABRT]: 'SIGABRT', [SIGPIPE]: 'SIGPIPE', [SIGFPE]: 'SIGFPE', [SIGILL]: 'SIGILL', [SIGSEGV]: 'SIGSEGV' }

/** The name of a signal that ends a program here. */
export function signalName(signo: number): string {
  return names[signo] ?? `signal ${signo}`
}

// By what V8, SpiderMonkey and JavaScriptCore say.
const KINDS: readonly (readonly [RegExp, number, string])[] = [
  [/unreachable/i, SIGILL, 'unreachable code was reached (an assertion of the compiler, or __builtin_trap)'],
  [/out of bounds/i, SIGSEGV, 'memory access out of bounds'],
  [/(divide|division) by zero/i, SIGFPE, 'integer division by zero'],
  [/divide result unrepresentable|integer overflow|float unrepresentable/i, SIGFPE, 'the result of a division or conversion does not fit an integer'],
  [/null function|signature mismatch|indirect call|table index/i, SIGSEGV, 'a call through a pointer that is no function of that type'],
  [/unaligned/i, SIGSEGV, 'atomic access to an address that is not aligned'],
  [/stack|recursion/i, SIGSEGV, 'the stack is full'],
]

/** The trap that `error` is; undefined if it is something else. */
export function trapOf(error: unknown): Trap | undefined {
  if (!(error instanceof engine.RuntimeError) && !(error instanceof RangeError && /call stack/i.test(error.message))) return undefined
  const [, signal, reason] = KINDS.find(([pattern]) => pattern.test(error.message)) ?? [undefined, SIGILL, error.message]
  return { signal, reason, where: framesOf(error.stack ?? '') }
}

const FRAMES = 8

// The program's functions in a stack trace, the innermost first.
function framesOf(stack: string): string[] {
  const frames: string[] = []
  for (const line of stack.split('\n')) {
    const found = /at (?:(\S+) \()?wasm:\/\/[^)]*?(?::wasm-function\[(\d+)\])?:(0x[0-9a-f]+)\)?$/.exec(line)
    if (found === null) continue
    const [, name, index, offset] = found
    frames.push(`${name?.replace(/^[^.]*\.wasm\./, '') ?? `function ${index}`} (${offset})`)
    if (frames.length === FRAMES) break
  }
  return frames
}
