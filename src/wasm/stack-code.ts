// What is added to a module that Asyncify has changed: the code that takes its stacks down and puts them up, and that would cost a call
// from JavaScript, or two reads of a global through the engine's interface, for each word that it touches.
//
//   stack_attach(scratch, bytes)       where stacks are taken down into: once
//   stack_begin(pointer, locals)       C is called next, with these registers
//   stack_rise(pointer, locals,        C is called next, and puts up the stack of `bytes` bytes that lies at `from`, or, if that is 0,
//     from, bytes, result)               in scratch already; the import that had blocked returns `result`
//   stack_leave()                      an import wants to block: when it returns, C takes its stack down
//   stack_fall(to)                     C has returned. -1: for good. Else its stack was taken down: n, its bytes, if it was moved to `to`, where there was
//                                      room for it below the stack pointer, or -2 - n if it is in scratch
//   stack_close()                      C will not go on: an exception has left it
//   stack_unwinds()                    whether it takes its stack down
//   stack_shut()                       an import calls C that cannot be taken down; returns what stack_reopen gets after that
//   stack_reopen(open)                 it has returned
//
// Scratch: position (Asyncify's), its end (Asyncify's), the stack pointer when C returned, a reserved word, then the frames.
//
// An import that may block is called through a function that returns the result at once while a stack is put up.  That of
// sched_yield also leaves by itself, if it is `open`: C was called by an activation that may be taken down, and nothing else of its thread runs.
//
// stack_fall writes GUARD above the frames that it moves, into the thread's own stack: what runs there meanwhile, a handler, may need more than is left.

import type binaryenOf from 'binaryen'
import { GUARD } from './records.ts'

type Binaryen = typeof binaryenOf
type Module = InstanceType<Binaryen['Module']>

/** Where the stack pointer is in scratch, and where the frames begin. */
export const POINTER = 8, HEAD = 16

const STATE = '__asyncify_state', DATA = '__asyncify_data'
const NORMAL = 0, UNWINDS = 1, REWINDS = 2
const YIELDS = ['pthreads.sched_yield', 'wasi_snapshot_preview1.sched_yield']

/** Adds it. `blocking`: the imports that may block, as module.name. */
export function addStackCode(binaryen: Binaryen, m: Module, blocking: readonly string[]): void {
  const { i32, none, createType } = binaryen
  const pointer = globalOf(binaryen, m, '__stack_pointer')
  if (pointer === undefined) return                                       // it will be refused
  const locals = globalOf(binaryen, m, '__tls_base') ?? noLocals(binaryen, m)
  for (const name of ['stack:scratch', 'stack:end', 'stack:open', 'stack:result']) m.addGlobal(name, i32, true, m.i32.const(0))
  const get = (name: string): number => m.global.get(name, i32), set = (name: string, value: number): number => m.global.set(name, value)
  const number = (value: number): number => m.i32.const(value), arg = (i: number): number => m.local.get(i, i32)
  const word = (at: number, offset: number): number => m.i32.load(offset, 4, at)
  const put = (at: number, offset: number, value: number): number => m.i32.store(offset, 4, at, value)
  const add = (name: string, takes: number, result: number, vars: number[], body: number[]): void => {
    m.addFunction(name, createType(Array<number>(takes).fill(i32)), result, vars, m.block(null, body, result))
    m.addFunctionExport(name, name)
  }
  const scratch = (): number => get('stack:scratch')
  const frames = (): number => m.i32.add(scratch(), number(HEAD))
  const begins = (): number[] => [set(pointer, arg(0)), set(locals, arg(1)), set('stack:open', number(1))]
  const leaves = (): number[] => [set(STATE, number(UNWINDS)), set(DATA, scratch()), put(scratch(), 0, frames())]
  // Copies local `bytes` bytes, a multiple of 4, from local `from` to local `to`; all three change.
  const copies = (to: number, from: number, bytes: number): number => m.if(arg(bytes), m.loop('copies', m.block(null, [
    put(arg(to), 0, word(arg(from), 0)),
    m.local.set(to, m.i32.add(arg(to), number(4))),
    m.local.set(from, m.i32.add(arg(from), number(4))),
    m.br('copies', m.local.tee(bytes, m.i32.sub(arg(bytes), number(4)), i32)),
  ])))

  add('stack_attach', 2, none, [], [set('stack:scratch', arg(0)), set('stack:end', m.i32.add(arg(0), arg(1))), put(scratch(), 4, get('stack:end'))])
  add('stack_begin', 2, none, [], begins())
  add('stack_rise', 5, none, [i32], [
    ...begins(), set('stack:result', arg(4)), put(scratch(), 0, m.i32.add(frames(), arg(3))),
    m.if(arg(2), m.block(null, [m.local.set(5, frames()), copies(5, 2, 3)])),
    set(STATE, number(REWINDS)), set(DATA, scratch()),
  ])
  add('stack_leave', 0, none, [], leaves())
  add('stack_close', 0, none, [], [set('stack:open', number(0)), put(scratch(), POINTER, get(pointer))])
  add('stack_unwinds', 0, i32, [], [m.i32.eq(get(STATE), number(UNWINDS))])
  add('stack_shut', 0, i32, [i32], [m.local.set(0, get('stack:open')), set('stack:open', number(0)), m.local.get(0, i32)])
  add('stack_reopen', 1, none, [], [set('stack:open', arg(0))])
  const bytes = 1, from = 2, left = 3
  add('stack_fall', 1, i32, [i32, i32, i32], [
    set('stack:open', number(0)), put(scratch(), POINTER, get(pointer)),
    m.if(m.i32.eqz(get(STATE)), m.return(number(-1))),
    m.local.set(from, word(scratch(), 0)),
    m.if(m.i32.gt_u(arg(from), get('stack:end')), m.unreachable()),
    set(STATE, number(NORMAL)),
    m.local.set(bytes, m.i32.sub(arg(from), frames())),
    m.if(m.i32.or(m.i32.eqz(arg(0)), m.i32.lt_u(get(pointer), m.i32.add(m.i32.add(arg(0), arg(bytes)), number(8)))),
      m.return(m.i32.sub(number(-2), arg(bytes)))),
    m.local.set(from, frames()), m.local.set(left, arg(bytes)),
    copies(0, from, left), put(arg(0), 0, number(GUARD)),
    arg(bytes),
  ])
  for (const { name, module, base, params, results } of functions(binaryen, m))
    if (module !== null && base !== null && blocking.includes(`${module}.${base}`)) wrap(name, module, base, params, results)

  function wrap(name: string, module: string, base: string, params: number, results: number): void {
    m.removeFunction(name)
    m.addFunctionImport(`${name}:blocks`, module, base, params, results)
    const args = binaryen.expandType(params).map((type, i) => m.local.get(i, type))
    const call = m.call(`${name}:blocks`, args, results)
    const arrives = [set(STATE, number(NORMAL)), m.return(results === none ? undefined : get('stack:result'))]
    const body = [m.if(m.i32.eq(get(STATE), number(REWINDS)), m.block(null, arrives))]
    if (YIELDS.includes(`${module}.${base}`)) body.push(m.if(get('stack:open'), m.block(null, [...leaves(), m.return(number(0))])))
    m.addFunction(name, params, results, [], m.block(null, [...body, call], results))
  }
}

function globalOf(binaryen: Binaryen, m: Module, name: string): string | undefined {
  const found = m.getExport(name)
  return found === 0 ? undefined : binaryen.getExportInfo(found).value
}

function functions(binaryen: Binaryen, m: Module): ReturnType<Binaryen['getFunctionInfo']>[] {
  return Array.from({ length: m.getNumFunctions() }, (_, i) => binaryen.getFunctionInfo(m.getFunctionByIndex(i)))
}

// A module without thread-local variables.
function noLocals({ i32 }: Binaryen, m: Module): string {
  m.addGlobal('stack:locals', i32, true, m.i32.const(0))
  m.addGlobalExport('stack:locals', '__tls_base')
  return 'stack:locals'
}
