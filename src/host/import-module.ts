// Importing a module by URL, TypeScript included.  A Node that strips types itself needs no help; for the others
// a loader hook with amaro, the stripper that Node uses, is registered when the first TypeScript file comes: the
// hook costs time and memory in every Worker, and programs in JavaScript do not pay for it.

import { register } from 'node:module'

const native = 'typescript' in process.features && Boolean(process.features.typescript)
let hooked = false

/** Imports the module at `url`; throws what the import throws. */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  if (!native && !hooked && /\.[mc]?ts$/.test(new URL(url).pathname)) {
    register(new URL('../host/typescript-hook.js', import.meta.url))
    hooked = true
  }
  return await import(url) as Record<string, unknown>
}
