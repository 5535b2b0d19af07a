// A loader hook that strips the types of TypeScript modules, for Nodes that cannot.

import { readFile } from 'node:fs/promises'
import { createRequire, type LoadHook } from 'node:module'
import { fileURLToPath } from 'node:url'

interface Amaro { transformSync(source: string, options: { mode: 'strip-only', filename: string }): { code: string } }
const { transformSync } = createRequire(import.meta.url)('amaro') as Amaro

/** Node's load hook: .ts and .mts become JavaScript modules, .cts CommonJS. Positions stay: types become blanks. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const { protocol, pathname } = new URL(url)
  if (protocol !== 'file:' || !/\.[mc]?ts$/.test(pathname)) return nextLoad(url, context)
  const text = await readFile(fileURLToPath(url), 'utf8')
  const { code } = transformSync(text, { mode: 'strip-only', filename: fileURLToPath(url) })
  return { format: pathname.endsWith('.cts') ? 'commonjs' : 'module', source: `${code}\n\n//# sourceURL=${url}`, shortCircuit: true }
}
