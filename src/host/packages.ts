// Packages that are loaded only when they are needed, and may be left out.

import { createRequire } from 'node:module'

/** The version of package `name`; undefined if it is not installed. */
export function versionOf(name: string): string | undefined {
  try {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
  } catch {
    return undefined
  }
}
