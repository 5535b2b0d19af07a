// Finds the files to index, and reads them. Finding is the one part that a single thread does, however many there are.

import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** In bytes. A file larger than this is not indexed, only counted. */
export const LARGEST = 8 * 2 ** 20

/** What there is to index, the largest file first, so that no thread is left with a large one at the end. */
export type FileList = {
  /** The paths, with a NUL between any two: one string is cheaper to hand to a thread than thousands. */
  paths: string
  files: number
  bytes: number
  tooLarge: number
  unreadable: string[]
}

/** Lists the files at and under `roots`. A root that does not exist throws; whatever else cannot be read is counted. */
export function findFiles(roots: string[]): FileList {
  const found: { path: string, size: number }[] = []
  const list: FileList = { paths: '', files: 0, bytes: 0, tooLarge: 0, unreadable: [] }
  const folders: string[] = []

  function addFile(path: string, size: number): void {
    if (size > LARGEST) list.tooLarge++
    else {
      found.push({ path, size })
      list.bytes += size
    }
  }

  for (const root of roots) {
    const stats = statSync(root, { throwIfNoEntry: false })
    if (stats === undefined) throw new Error(`there is no file or folder '${root}'`)
    if (stats.isDirectory()) folders.push(root)
    else addFile(root, stats.size)
  }

  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    for (const entry of attempt(folder, list, () => readdirSync(folder!, { withFileTypes: true })) ?? []) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && entry.name !== '.git') folders.push(path)
      else if (entry.isFile()) attempt(path, list, () => addFile(path, statSync(path).size))
    }

  list.files = found.length
  list.paths = found.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1)).map(({ path }) => path).join('\0')
  return list
}

/** Reads a file into `buffer`, as far as it fits, and returns its length. */
export function readFile(path: string, buffer: Uint8Array): number {
  const file = openSync(path, 'r')
  try {
    return readSync(file, buffer, 0, buffer.length, 0)
  } finally {
    closeSync(file)
  }
}

function attempt<T>(path: string, list: FileList, read: () => T): T | undefined {
  try {
    return read()
  } catch {
    list.unreadable.push(path)
  }
}
