// Where a value stands in what is being sent, written as a program would reach it: args[1].tasks.get("key").onDone

import { MAP, SET } from './codec-format.ts'
import { describe } from './codec-kinds.ts'

/** Beside the tags, in `inside`: a level that leads into the keys of a Map. */
export const KEYS = -1

/** Levels 1 to `depth`: `inside[i]` is the tag of a container, `keys[i]` the way on from it. */
export function pathOf(root: string, keys: readonly unknown[], inside: readonly number[], depth: number): string {
  let path = root
  for (let i = 1; i <= depth; i++) {
    const key = keys[i]
    switch (inside[i]) {
      case KEYS: path += `.keys()[${String(key)}]`; break
      case SET: path += `.values()[${String(key)}]`; break
      case MAP: path += `.get(${Object(key) === key ? describe(key) : literal(key)})`; break
      default: path += typeof key === 'string' && isIdentifier(key) ? `.${key}` : `[${literal(key)}]`
    }
  }
  return path
}

const literal = (key: unknown): string => typeof key === 'string' ? JSON.stringify(key) : String(key)
const isIdentifier = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
