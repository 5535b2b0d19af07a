// Importing a module by URL, TypeScript included.  A Node that strips types itself needs no help; for the others
// a loader hook with amaro, the stripper that Node uses, is registered when the first TypeScript file comes: the
// hook costs time and memory in every Worker, and programs in JavaScript do not pay for it.

import { readFileSync } from 'node:fs'
import { createRequire, register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { loadParser } from './parser.ts'

const native = 'typescript' in process.features && Boolean(process.features.typescript)
let hooked = false
/** Imports that have begun and not ended. */
let underWay = 0

/**
 * The module at `url` without a turn of the event loop; undefined where that cannot be: an old Node, a module that awaits at
 * its top level or whose types a hook must strip. What its code throws is seen by {@link importModule}. Not while others are imported: Node 20 fails
 * if they share a module that is being read, and then never imports this one.
 */
export function importNow(url: string): Record<string, unknown> | undefined {
  if (underWay !== 0 || !url.startsWith('file:') || !('require_module' in process.features) || (!native && url.includes('.ts'))) return undefined
  try {
    return createRequire(url)(fileURLToPath(url)) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** Imports the module at `url`; throws what the import throws. */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  if (!native && !hooked && /\.[mc]?ts$/.test(new URL(url).pathname)) {
    register(new URL('../host/typescript-hook.js', import.meta.url))
    hooked = true
  }
  underWay++
  try {
    return await import(url) as Record<string, unknown>
  } catch (error) {
    if (error instanceof SyntaxError && /^file:.*\.m?js$/.test(url)) locate(url, error)
    throw error
  } finally {
    underWay--
  }
}

// In a Worker Node does not say where a syntax error is.
function locate(url: string, error: SyntaxError): void {
  try {
    loadParser().parse(readFileSync(new URL(url), 'utf8'), { ecmaVersion: 'latest', sourceType: 'module' })
  } catch (found) {
    const { loc } = found as { loc?: { line: number, column: number } }
    if (loc !== undefined) error.message += ` (line ${loc.line}, column ${loc.column + 1})`
  }
}
