// Which file an addon is.

import { filesOf, packageFolder, placeOfFile } from '#host'
import { NapiError } from './errors.ts'

/** The file of the addon that `source` names: a package, or a .wasm file. Throws NapiError if there is none. */
export function findAddon(source: string | URL, from: string | undefined): string {
  if (source instanceof URL || source.endsWith('.wasm')) return placeOfFile(source)
  const folder = packageFolder(source, from)
  if (folder === undefined) throw new NapiError('ERR_NAPI_PACKAGE', `loadNapi: the package "${source}" is not installed where ${from ?? 'this process was started'} could import it`)
  const all = filesOf(folder, '.wasm').filter(name => !name.endsWith('.debug.wasm'))
  const files = all.length > 1 ? all.filter(name => name.endsWith('wasi.wasm')) : all
  if (files.length === 1) return `${folder}/${files[0]}`
  if (all.length > 1) throw new NapiError('ERR_NAPI_PACKAGE', `loadNapi: the package "${source}" has several .wasm files (${all.join(', ')}): name one of them`)
  const sibling = `${source}-wasm32-wasi`
  const hint = packageFolder(sibling, from) === undefined ? '' : `; "${sibling}" is installed, too`
  throw new NapiError('ERR_NAPI_PACKAGE', `loadNapi: the package "${source}" has no .wasm file in ${folder}${hint}`)
}
