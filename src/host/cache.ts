// Files that can be made again from what they are named after, kept on disk: in $XDG_CACHE_HOME/pthreads, or ~/.cache/pthreads.
//
// C1  A file appears under its name whole or not at all: it is written under another one, which only its writer uses, and renamed.
//     So of several processes that make the same file one wins, and one that is killed leaves a temporary file at most, which
//     whoever writes later removes, an hour old.
// C2  A file begins with a hash of the rest.  One that was cut short or changed is as good as none: it is made again.
// C3  A disk that is full, or a folder that cannot be written, costs the next run the same time again, and nothing else.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'

const HASH = 32
const OLD = 3_600_000                                                     // ms

/** The folder. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME: base } = process.env
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'pthreads')
}

const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The name of what is made of `parts`. */
export function cacheName(...parts: (Uint8Array | string)[]): string {
  return sha256(...parts).toString('hex')
}

/** What is kept under `name`; undefined: nothing, or nothing sound. */
export function readCache(name: string): Uint8Array | undefined {
  let file: Uint8Array
  try {
    file = readFileSync(join(cacheFolder(), name))
  } catch {
    return undefined
  }
  const rest = file.subarray(HASH)
  return file.length > HASH && sha256(rest).equals(file.subarray(0, HASH)) ? rest : undefined
}

/** Keeps `bytes` under `name`. Returns why it could not. */
export function writeCache(name: string, bytes: Uint8Array): Error | undefined {
  const folder = cacheFolder()
  const temporary = join(folder, `${name}.${process.pid}-${threadId}.tmp`)
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    return error as Error
  }
  try {
    removeOld(folder)
    writeFileSync(temporary, Buffer.concat([sha256(bytes), bytes]))
    renameSync(temporary, join(folder, name))
    return undefined
  } catch (error) {
    rmSync(temporary, { force: true })
    return error as Error
  }
}

function removeOld(folder: string): void {
  const before = Date.now() - OLD
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.tmp')) continue
    const file = join(folder, name)
    if ((statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < before) rmSync(file, { force: true })
  }
}
