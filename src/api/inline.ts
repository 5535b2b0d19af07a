// Functions by source text, for Thread.inline: is the text complete, and which expression makes the function again?
//
// A text is complete if all it uses exists in a new thread: its own variables, and what every thread's global
// object has.  Variables of the code around it (free variables) do not, nor do that code's `this`, `arguments`,
// `super` and `new.target`; and text that belongs to no file has neither an `import.meta` nor anything that a
// relative import specifier could be relative to.
//
// The expression is strict, unless the function is known not to be or its text is not allowed to be: code in
// modules is strict, and an arrow function of a script cannot be told apart.  A computed method name is
// replaced by the name it gave.
//
// Results are kept by function and, because a loop makes a new function each time round, by text.

/** A node of a syntax tree, in ESTree's terms. */
export interface SyntaxNode { readonly type: string, readonly start: number, readonly end: number }

type Language = 'module' | 'script'

/** What this file needs from acorn and eslint-scope. */
export interface Parser {
  /** Throws a SyntaxError. */
  parse(text: string, options: { ecmaVersion: 'latest', sourceType: Language, ranges: true, allowSuperOutsideMethod: true }): SyntaxNode
  analyze(tree: object, options: { ecmaVersion: number, sourceType: Language }): {
    readonly globalScope: { readonly through: readonly { readonly identifier: { readonly name?: string } }[] } | null
  }
}

type Callable = (...args: never[]) => unknown
interface Inline { readonly source: string, readonly free: readonly string[], readonly problem: string }

// The node types looked at, all in one.
interface Node extends SyntaxNode {
  readonly body: Node & Node[]
  readonly expression: Node
  readonly argument: Node
  readonly object: Node
  readonly properties: readonly Node[]
  readonly kind: string
  readonly method: boolean
  readonly computed: boolean
  readonly async: boolean
  readonly generator: boolean
  readonly key: Node
  readonly value: Node | null
  readonly meta: { readonly name: string }
  readonly source: Node & { readonly value?: unknown, readonly quasis?: readonly { readonly value: { readonly cooked: string } }[] }
}

const byFunction = new WeakMap<Callable, Inline>()
const byText = new Map<string, Inline>()
const MOST_TEXTS = 256

// Taken when the library is loaded: what the program adds to its global object later, a new thread does not have.
const globals = new Set([...Object.getOwnPropertyNames(globalThis), ...Object.getOwnPropertyNames(Object.prototype)])

let parser: Parser | undefined
let loadParser = (): Parser => { throw new Error('Thread.inline: no parser is installed') }

/** Says how to load the parser; that happens when the first function is looked at. */
export function installParser(load: () => Parser): void {
  parser = undefined
  loadParser = load
}

/**
 * The variables that `fn` uses and that a new thread does not have, in the order of their first use. Throws a
 * TypeError for what has no source text of its own: classes, accessors, private methods, native and bound functions.
 */
export function freeVariables(fn: Callable): string[] {
  return [...inline(fn).free]
}

/**
 * An expression that makes `fn` again in another thread. Throws a TypeError that names all that `fn` uses and
 * the thread will not have, and for what {@link freeVariables} refuses.
 */
export function sourceOf(fn: Callable): string {
  const { source, problem } = inline(fn)
  if (problem !== '') throw new TypeError(`Thread.inline: ${problem}`)
  return source
}

function inline(fn: Callable): Inline {
  let result = byFunction.get(fn)
  if (result !== undefined) return result
  if (typeof fn !== 'function') throw new TypeError('Thread.inline: the first argument is no function')
  const text = Function.prototype.toString.call(fn), language = languageOf(fn, text)
  const key = `${language} ${fn.name} ${text}`
  result = byText.get(key)
  if (result === undefined) {
    result = examine(fn.name, text, language)
    if (byText.size === MOST_TEXTS) byText.clear()
    byText.set(key, result)
  }
  byFunction.set(fn, result)
  return result
}

// Only the `caller` of a sloppy function may be asked for; that of strict functions throws, and so does every other form's.
function languageOf(fn: Callable, text: string): Language {
  if (!text.startsWith('function')) return 'module'
  try {
    void (fn as { caller?: unknown }).caller
    return 'script'
  } catch {
    return 'module'
  }
}

function examine(name: string, text: string, stated: Language): Inline {
  if (/\{\s*\[native code\]\s*\}$/.test(text)) refuse(name.startsWith('bound ') ? 'a bound function' : 'a native function')
  parser ??= loadParser()
  const language = read(`(${text})`, stated) ?? read(`({${text}})`, stated) ? stated : 'script'
  const whole = read(`(${text})`, language)
  if (whole?.type === 'ClassExpression') refuse('a class')
  const source = whole === undefined ? methodSource(name, text, language) : `(${text})`
  const node = whole ?? read(source, language)!
  const program = { ...node, type: 'Program', sourceType: language, body: [{ ...node, type: 'ExpressionStatement', expression: node }] }
  const { globalScope } = parser.analyze(program, { ecmaVersion: 2024, sourceType: language })
  const names = globalScope!.through.map(reference => reference.identifier.name ?? 'undefined')
  const free = [...new Set(names)].filter(each => !globals.has(each))
  return { free, problem: problemOf(free, whole ?? node.object.properties[0].value!), source: language === 'script' ? source : `(function(){"use strict";return${source}})()` }
}

// A method, `name() { … }`, by way of an object that has it.
function methodSource(name: string, text: string, language: Language): string {
  const before = '({', property = read(`${before}${text}})`, language)?.properties[0]
  if (property === undefined) refuse(/^(async\s+)?\*?\s*#/.test(text) ? 'a private method' : 'this function')
  if (property.kind !== 'init') refuse(property.kind === 'get' ? 'a getter' : 'a setter')
  const { key, value, computed } = property, offset = BEFORE.length + before.length
  const slice = (start: number, end: number): string => text.slice(start - offset, end - offset)
  const own = computed ? JSON.stringify(name) : slice(key.start, key.end)
  const access = computed || key.type !== 'Identifier' ? `[${own}]` : `.${own}`
  return `({${value!.async ? 'async ' : ''}${value!.generator ? '*' : ''}${own}${slice(value!.start, value!.end)}}${access})`
}

// Read inside a function, so that new.target is a matter for `around` and no syntax error.
const BEFORE = '(function(){return'

function read(expression: string, language: Language): Node | undefined {
  try {
    const program = parser!.parse(`${BEFORE}${expression}})`, { ecmaVersion: 'latest', sourceType: language, ranges: true, allowSuperOutsideMethod: true }) as Node
    return program.body[0].expression.body.body[0].argument
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function problemOf(free: readonly string[], node: Node): string {
  const problems: string[] = [], { keywords, specifiers } = around(node)
  if (free.length === 1) problems.push(`the function uses ${list(free)}, which does not exist in the new thread (a free variable); pass it as an argument`)
  if (free.length > 1) problems.push(`the function uses ${list(free)}, which do not exist in the new thread (free variables); pass them as arguments`)
  if (keywords.length > 0) problems.push(`the function uses ${list(keywords)} of the code around it, which the new thread does not have`)
  if (specifiers.length > 0) problems.push(`the function imports ${list(specifiers)}, and its text has no place in a file that this could be relative to`)
  return problems.join('\nThread.inline: ')
}

function list(words: readonly string[]): string {
  const quoted = words.map(word => `"${word}"`), last = quoted.pop()!
  return quoted.length === 0 ? last : `${quoted.join(', ')} and ${last}`
}

// What a function takes from the code around it, other than variables.
function around(root: Node): { keywords: string[], specifiers: string[] } {
  const keywords = new Set<string>(), specifiers = new Set<string>()
  visit(root, false, false)
  return { keywords: [...keywords], specifiers: [...specifiers] }

  // `own`: `this` and `new.target` are those of a function inside; `home`: `super` is that of an object or a class inside.
  function visit(node: Node, own: boolean, home: boolean): void {
    switch (node.type) {
      case 'ThisExpression': if (!own) keywords.add('this'); break
      case 'Super': if (!home) keywords.add('super'); break
      case 'MetaProperty':
        if (node.meta.name === 'import') keywords.add('import.meta')
        else if (!own) keywords.add('new.target')
        return
      case 'ImportExpression': {
        const { value, quasis } = node.source, specifier = quasis?.length === 1 ? quasis[0].value.cooked : value
        if (typeof specifier === 'string' && /^(\.{1,2}(\/|$)|#)/.test(specifier)) specifiers.add(specifier)
        break
      }
      case 'FunctionExpression': case 'FunctionDeclaration': own = true; break
      case 'StaticBlock': own = home = true; break
      case 'MethodDefinition': case 'PropertyDefinition': case 'Property':
        if (node.computed) visit(node.key, own, home)
        if (node.value !== null) visit(node.value, own || node.type === 'PropertyDefinition', home || node.type !== 'Property' || node.method || node.kind !== 'init')
        return
    }
    for (const child of Object.values(node).flat() as unknown[])
      if (typeof child === 'object' && child !== null && 'type' in child) visit(child as Node, own, home)
  }
}

function refuse(what: string): never {
  throw new TypeError(`Thread.inline: ${what} cannot be sent by its source text`)
}
