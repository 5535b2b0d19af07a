// Node: acorn and eslint-scope, loaded when a function is first sent by its source text, or a module has a syntax error, and
// synchronously: whoever sends it may be about to block.

import { createRequire } from 'node:module'

interface Parser {
  parse(text: string, options: object): { readonly type: string, readonly start: number, readonly end: number }
  analyze(tree: object, options: object): {
    readonly globalScope: { readonly through: readonly { readonly identifier: { readonly name?: string } }[] } | null
  }
}

/** For `installParser`. */
export function loadParser(): Parser {
  const require = createRequire(import.meta.url)
  const { parse } = require('acorn') as Pick<Parser, 'parse'>
  const { analyze } = require('eslint-scope') as Pick<Parser, 'analyze'>
  return { parse, analyze }
}
