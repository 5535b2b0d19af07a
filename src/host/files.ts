// Files, as far as the layers above need them.

import { readFileSync } from 'node:fs'

/** The bytes of a file. Throws the file system's errors. */
export function readWhole(file: string | URL): Uint8Array {
  return readFileSync(file)
}
