// Makes a script of a chunk, which V8 can compile from its cache, and a module that has the chunk's exports.
//
// A module cannot be compiled from a cache of Node's library on Node 20; a script can (src/host/script.cjs). So the code of the
// chunks that every Worker loads is a function in a script, whose parameters and result are the module's imports and exports:
//
//   (function (atomics$, base$, meta$, imports$, eval$) {
//   const { peek, poke } = atomics$                       import { peek, poke } from '#atomics'
//   …
//   return { f, get x() { return x }, … }                 export { f, x }
//
// Exports that the chunk assigns again (`export let`) have to change in the module too. Each such assignment, `x = 1`, becomes
// `follow$x(x = 1)`, which tells the module, where one is loaded. Lines stay lines: source maps stay right.
//
// Rejected: the formats of rollup. In 'cjs' the chunk itself would read those variables from the object of its exports, in
// 'system' each assignment would look up a name.

import { parse } from 'acorn'
import { analyze } from 'eslint-scope'

/** Modules of Node that few heaps use, and that take a millisecond to load: they are loaded where they are used. */
const LATE = new Set(['node:crypto', 'node:net', 'node:tty'])

/** Where the text of a chunk's script begins. The function stands in parentheses, so V8 compiles it at once and does not read over it first. */
const HEAD = 'module.exports = (function (atomics$, base$, meta$, imports$, eval$) {\'use strict\'; '

/**
 * `code`, an ES module, as a script and as the module that has its exports; `file` is the script's name. `stay` are exported variables that the module
 * does without: they change so often, and nobody else asks for them.
 */
export function scriptOf(code, name, stay) {
  const tree = parse(code, { ecmaVersion: 'latest', sourceType: 'module', ranges: true, locations: true })
  const scopes = analyze(tree, { ecmaVersion: 2022, sourceType: 'module' })
  const top = scopes.globalScope.childScopes[0]
  const edits = [], exported = new Map()
  let takesAtomics = false
  for (const node of tree.body) {
    if (node.type === 'ImportDeclaration') {
      takesAtomics ||= node.source.value === '#atomics'
      if (LATE.has(node.source.value)) edits.push(...late(node, top))
      else edits.push([node.start, node.end, importOf(node)])
    } else if (node.type === 'ExportNamedDeclaration') {
      for (const { local, exported: as } of node.specifiers) if (!stay.includes(as.name)) exported.set(as.name, local.name)
      edits.push([node.start, node.end, ''])
    }
  }
  walk(tree, (node) => {
    if (node.type === 'MetaProperty' && node.meta.name === 'import') edits.push([node.start, node.end, 'meta$'])
    if (node.type === 'CallExpression' && code.slice(node.callee.start, node.callee.end) === '0, eval') edits.push([node.callee.start - 1, node.callee.end + 1, 'eval$'])
    if (node.type === 'ImportExpression') edits.push([node.start, node.start + 'import'.length, 'imports$'])
  })
  const live = new Map()
  for (const [as, local] of exported) {
    const again = top.set.get(local).references.filter(reference => reference.isWrite() && !reference.init)
    if (again.length === 0) continue
    live.set(as, local)
    for (const { identifier } of again) edits.push(...told(tree, identifier, local))
  }
  const names = [...exported.keys()].filter(as => !live.has(as))
  const value = as => as === exported.get(as) ? as : `${as}: ${exported.get(as)}`
  const script = HEAD + [...live.values()].map(follower).join('') + edited(code, edits) + `\nreturn {\n  ${[
    ...names.map(value),
    ...[...live].map(([as, local]) => `get ${as}() { return ${local} }`),
    `follow$(by) { ${[...live].map(([as, local]) => `tell$${local} = by.${as}`).join('; ')} }`,
  ].join(',\n  ')},\n}\n})\n`
  const module = [
    takesAtomics ? 'import * as atomics$ from \'#atomics\';' : '',
    'import scripts$ from \'../host/script.cjs\';',
    `const chunk$ = scripts$.load('${name}'${takesAtomics ? ', atomics$' : ''});`,
    `export const { ${names.join(', ')} } = chunk$;`,
    live.size === 0 ? '' : `export let { ${[...live.keys()].join(', ')} } = chunk$;`,
    live.size === 0 ? '' : `chunk$.follow$({ ${[...live.keys()].map(as => `${as}: (now) => { ${as} = now; }`).join(', ')} });`,
  ]
  return { script: ascii(script), module: module.filter(line => line !== '').join('\n') + '\n' }
}

function importOf({ source: { value: from }, specifiers, start, end, loc }) {
  const lines = '\n'.repeat(loc.end.line - loc.start.line)
  if (specifiers.length === 0) return lines
  const place = from === '#atomics' ? 'atomics$' : from === './base.js' ? 'base$' : `require('${from}')`
  if (place.startsWith('require') && !from.startsWith('node:')) throw new Error(`${from}: a chunk that is a script can import it by createRequire only`)
  const names = specifiers.map(({ type, local, imported }) => {
    if (type !== 'ImportSpecifier') throw new Error(`${from}: import its names, at ${start}-${end}`)
    return imported.name === local.name ? local.name : `${imported.name}: ${local.name}`
  })
  return `const { ${names.join(', ')} } = ${place};${lines}`
}

function late({ source: { value: from }, specifiers, start, end, loc }, top) {
  const uses = specifiers.flatMap(({ local, imported }) => top.set.get(local.name).references.map(({ identifier }) =>
    [identifier.start, identifier.end, `(require('${from}').${imported.name})`]))
  return [[start, end, '\n'.repeat(loc.end.line - loc.start.line)], ...uses]
}

const follower = local => `let tell$${local}; function follow$${local}(value) { if (tell$${local} !== undefined) tell$${local}(value); return value } `

// What makes the assignment that `identifier` is the target of tell the module.
function told(tree, identifier, local) {
  let site, statement
  walk(tree, (node) => {
    if (node.type === 'ExpressionStatement') statement = node
    if (node.left === identifier && node.type === 'AssignmentExpression') site = node
    if (node.argument === identifier && node.type === 'UpdateExpression' && (node.prefix || statement?.expression === node)) site = node
  })
  if (site === undefined) throw new Error(`${local}: an exported variable is changed by \`x = …\`, \`x += …\`, \`++x\` or \`x++\` that is a statement`)
  const { start, end, prefix, operator } = site
  if (prefix !== false) return [[start, start, `follow$${local}(`], [end, end, ')']]
  return [[start, start, `follow$${local}(${operator}`], [identifier.end, end, ')']]   // x++ has the value of before
}

function walk(node, visit) {
  visit(node)
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const each of value) { if (each !== null && typeof each?.type === 'string') walk(each, visit) }
    else if (typeof value?.type === 'string') walk(value, visit)
  }
}

// Of edits at one place, what ends there comes before what begins there.
function edited(code, edits) {
  edits.sort(([a, b], [c, d]) => a - c || b - d)
  let result = '', at = 0
  for (const [start, end, text] of edits) {
    result += code.slice(at, start) + text
    at = end
  }
  return result + code.slice(at)
}

// One byte a character, in the file and in the heaps that run it. Outside of comments, which are gone, such characters stand in strings and patterns.
function ascii(code) {
  return code.replaceAll(/[^\0-\x7f]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `code` without its comments; what is left stands where it stood. */
export function withoutComments(code) {
  const comments = []
  parse(code, { ecmaVersion: 'latest', sourceType: 'module', onComment: comments })
  let result = '', at = 0
  for (const { start, end } of comments) {
    const isLast = code[end] === '\n' || end === code.length
    result += isLast ? code.slice(at, start).replace(/ +$/, '') : code.slice(at, start)
    result += code.slice(start, end).replaceAll(/[^\n]/g, isLast ? '' : ' ')
    at = end
  }
  return result + code.slice(at)
}
