// What is in a folder, and has it changed.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Every file below `folder`, as sorted paths relative to it; nothing when the folder is missing. */
export function walk(folder) {
  const found = []
  const visit = (path) => {
    for (const entry of entries(join(folder, path))) {
      if (entry.name === 'node_modules') continue
      const inside = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory()) visit(inside)
      else found.push(inside)
    }
  }
  visit('')
  return found.sort()
}

function entries(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

/** A file's text, or undefined when there is none. */
export function text(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A hash of names and contents: a checkout that only touches times changes nothing. */
export function contents(folder, paths) {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(join(folder, path))).update('\0')
  return hash.digest('hex')
}

/** A hash of names and lengths: enough to see that something a program wrote is missing or cut short. */
export function sizes(folder, paths) {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(`${path}\0${statSync(join(folder, path)).size}\0`)
  return hash.digest('hex')
}
