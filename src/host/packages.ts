// Packages that are loaded only when they are needed, and may be left out; and those that a program names.

import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The version of package `name`; undefined if it is not installed. */
export function versionOf(name: string): string | undefined {
  try {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
  } catch {
    return undefined
  }
}

// Relative to a file, as import is; without one, to the folder that the process was started in.
function requireFrom(from: string | undefined): NodeJS.Require {
  return createRequire(from ?? `${process.cwd()}/`)
}

/** The folder of package `name`, as the file `from` (a path or a file: URL) would import it; undefined if it is not installed. */
export function packageFolder(name: string, from: string | undefined): string | undefined {
  for (const folder of requireFrom(from).resolve.paths(name) ?? []) {
    const found = join(folder, name)
    if (existsSync(join(found, 'package.json'))) return realpathSync(found)
  }
  return undefined
}

/** The names of the files in a folder that end with `suffix`. */
export function filesOf(folder: string, suffix: string): string[] {
  return readdirSync(folder).filter(name => name.endsWith(suffix))
}

/** A path or file: URL as an absolute path; a relative path begins in the folder that the process was started in. */
export function placeOfFile(file: string | URL): string {
  return file instanceof URL || file.startsWith('file:') ? fileURLToPath(file) : realpathSync(file)
}

/** The URL of the module that `specifier` means in the file `from`; undefined if there is none. */
export function resolveFrom(specifier: string, from: string): string | undefined {
  try {
    return pathToFileURL(requireFrom(from).resolve(specifier)).href
  } catch {
    return undefined
  }
}

/** Runs `f`; what it adds to be called when the event loop is empty is taken back. */
export function quietly<T>(f: () => T): T {
  const before = new Set(process.rawListeners('beforeExit'))
  try {
    return f()
  } finally {
    for (const listener of process.rawListeners('beforeExit')) if (!before.has(listener)) process.off('beforeExit', listener as (code: number) => void)
  }
}
