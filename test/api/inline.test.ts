import test from 'node:test'
import assert from 'node:assert/strict'
import { freeVariables, installParser, sourceOf } from '#internal/api/inline.js'
import { loadParser } from '#internal/host/parser.js'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- of any parameters
type Callable = (...args: any[]) => unknown
const remade = (fn: Callable): Callable => (0, eval)(sourceOf(fn)) as Callable
const call = (fn: Callable, ...args: unknown[]): unknown => remade(fn)(...args)
const sloppy = (text: string): Callable => (0, eval)(`(${text})`) as Callable

let loads = 0
installParser(() => {
  loads++
  return loadParser()
})

const limit = 10, offset = 3, name = 'a computed name'

test('the parser is loaded when a function is first looked at, and once', () => {
  assert.equal(loads, 0)
  sourceOf(() => 1)
  sourceOf(() => 2)
  assert.equal(loads, 1)
})

test('every form of function is made again', async () => {
  const forms = {
    method(a: number) { return a + 1 },
    async asynchronous(a: number) { return Promise.resolve(a + 1) },
    * generator(a: number) { yield a + 1 },
    async * both(a: number) { yield await Promise.resolve(a + 1) },
    'a b'(a: number) { return a + 1 },
    12(a: number) { return a + 1 },
    [name](a: number) { return a + 1 },
    get(a: number) { return a + 1 },
    async(a: number) { return a + 1 },
    static: (a: number) => a + 1,
  }
  assert.equal(call((a: number) => a + 1, 1), 2)
  assert.equal(call((a: number, { b }: { b: number } = { b: 1 }, ...c: number[]) => ({ sum: a + b + c.length }).sum, 1), 2)
  assert.equal(call(function (a: number) { return a + 1 }, 1), 2)
  assert.equal(call(function factorial(n: number): number { return n < 2 ? n : n * factorial(n - 1) }, 4), 24)
  assert.equal(await call(async (a: number) => await Promise.resolve(a + 1), 1), 2)
  assert.equal([...call(function* (a: number) { yield a + 1 }, 1) as Iterable<number>][0], 2)
  for (const form of [forms.method, forms['a b'], forms[12], forms[name], forms.get, forms.async, forms.static]) assert.equal(call(form, 1), 2)
  assert.equal(await call(forms.asynchronous, 1), 2)
  assert.equal([...call(forms.generator, 1) as Iterable<number>][0], 2)
  for await (const n of call(forms.both, 1) as AsyncIterable<number>) assert.equal(n, 2)
  assert.equal(call(class { static twice(a: number) { return a + a } }.twice, 1), 2)
  assert.deepEqual([remade(forms.method).name, remade(forms[name]).name, remade(forms['a b']).name], ['method', name, 'a b'])
})

test('a function is as strict as it was', () => {
  assert.equal(call(function (this: unknown) { return this }), undefined)
  assert.equal(call(sloppy('function () { return this }')), globalThis)
  assert.equal(call(sloppy('function () { with ({ Math: 7 }) return Math + 010 }')), 15)
  assert.throws(() => call((frozen: number[]) => { frozen[0] = 2 }, Object.freeze([1])), TypeError)
})

test('what every thread has, and what is the function\'s own, is not free', () => {
  assert.deepEqual(freeVariables((n: number) => {
    const local = Math.max(n, 1), { a, ...rest } = { a: 1, b: 2 }
    class Own { field = this; static made = new Own() }
    for (const i of [local]) queueMicrotask(() => console.log(i, a, rest, undefined, NaN, globalThis, structuredClone, Own))
    try { throw new Error() } catch (error) { return [error, typeof URL, new WeakMap(), process.pid, Buffer.from(''), { limit: 1 }.limit] }
  }), [])
  assert.deepEqual(freeVariables(function () { return arguments.length }), [])
})

test('a free variable is named', () => {
  const fn = (n: number): number => n * limit
  assert.deepEqual(freeVariables(fn), ['limit'])
  const message = 'Thread.inline: the function uses "limit", which does not exist in the new thread (a free variable); pass it as an argument'
  assert.throws(() => sourceOf(fn), { name: 'TypeError', message })
  assert.throws(() => sourceOf(fn), { name: 'TypeError', message })
})

test('all free variables are named, in the order of their use', () => {
  const fn = (n = offset): unknown => [limit, assert, limit, () => { test; return n }]       // eslint-disable-line @typescript-eslint/no-unused-expressions
  assert.deepEqual(freeVariables(fn), ['offset', 'limit', 'assert', 'test'])
  assert.throws(() => sourceOf(fn), { message: /uses "offset", "limit", "assert" and "test", which do not exist in the new thread \(free variables\); pass them as arguments$/ })
})

test('what the program adds to its global object is free', () => {
  Object.assign(globalThis, { added: 1 })
  assert.deepEqual(freeVariables(sloppy('() => added')), ['added'])
})

test('what a function takes from the code around it is named', () => {
  const around = /uses "this" of the code around it/
  class Owner extends Object {
    arrow = () => this
    method() { return this }
    parent() { return super.toString() }
  }
  function constructs(): Callable { return () => new.target }
  assert.throws(() => sourceOf(new Owner().arrow), around)
  assert.throws(() => sourceOf(sloppy('() => class { [this.name]() {} }')), around)
  assert.throws(() => sourceOf(sloppy('() => () => { if (this) return }')), around)
  assert.throws(() => sourceOf(constructs()), /uses "new\.target" of/)
  assert.throws(() => sourceOf(new Owner().parent), /uses "super" of/)
  assert.throws(() => sourceOf(() => import.meta.url), /uses "import\.meta" of/)
  assert.throws(() => sourceOf(sloppy('() => arguments[0]')), /uses "arguments", which does not exist/)
  assert.throws(() => sourceOf(() => [limit, import.meta.url]), { message: /uses "limit", .*\nThread\.inline: the function uses "import\.meta"/ })
})

test('what functions, objects and classes inside bring themselves is allowed', () => {
  for (const text of [
    '() => function () { return [this, new.target, arguments] }',
    '() => class extends Object { x = this; static { this.y = 1 } m() { return super.toString() } constructor() { super() } }',
    '() => ({ m() { return super.toString() }, get g() { return this } })',
    'function () { return () => [this, new.target] }',
  ]) assert.doesNotThrow(() => sourceOf(sloppy(text)), text)
  assert.doesNotThrow(() => sourceOf({ method(this: unknown) { return this } }.method))
})

test('imports of packages and of Node\'s modules are allowed, relative ones are not', async () => {
  const fs = await call(async () => (await import('node:fs')).existsSync('/'))
  assert.equal(fs, true)
  assert.doesNotThrow(() => sourceOf(sloppy('(name) => [import("pkg"), import("@a/b/c.js"), import(name), import("./" + name), import("file:///x.js")]')))
  for (const specifier of ['./a.js', '../a.js', '.', '#internal/a.js'])
    for (const quote of ['"', '`'])
      assert.throws(() => sourceOf(sloppy(`() => import(${quote}${specifier}${quote})`)), (e: Error) => e instanceof TypeError && e.message.includes(`imports "${specifier}"`))
})

test('what has no source text of its own is refused by name', () => {
  class Private {
    #secret() { return 1 }
    get secret() { return this.#secret }
  }
  const refused: [Callable, string][] = [
    [class A {} as unknown as Callable, 'a class'],
    [Math.max, 'a native function'],
    [((a: number) => a).bind(null), 'a bound function'],
    [Object.getOwnPropertyDescriptor({ get a() { return 1 } }, 'a')!.get!, 'a getter'],
    [Object.getOwnPropertyDescriptor({ set a(v: number) { void v } }, 'a')!.set!, 'a setter'],
    [new Private().secret, 'a private method'],
  ]
  for (const [fn, what] of refused) {
    assert.throws(() => sourceOf(fn), { name: 'TypeError', message: `Thread.inline: ${what} cannot be sent by its source text` })
    assert.throws(() => freeVariables(fn), TypeError)
  }
  assert.throws(() => sourceOf(7 as unknown as Callable), { message: 'Thread.inline: the first argument is no function' })
})

test('a function is examined once, and so is a text', () => {
  let parses = 0
  const { parse, analyze } = loadParser()
  installParser(() => ({ parse: (...args) => (parses++, parse(...args)), analyze }))
  const make = (): Callable => (n: number) => n * 12345
  const fn = make(), first = sourceOf(fn), after = parses
  assert.ok(after > 0)
  assert.equal(sourceOf(fn), first)
  assert.equal(sourceOf(make()), first)
  freeVariables(make())
  assert.equal(parses, after)
})
