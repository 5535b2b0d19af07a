// Entries of a pool's tasks, by their numbers.

import { ErrnoError } from '../api/errors.ts'
import { entryId, type Entry } from '../pthread/entry.ts'
import { sourceIn } from './options.ts'

const numbers = new WeakMap<object, number>()

/** The number of an entry. Throws TypeError for what is none, ErrnoError. */
export function idOf(entry: Entry): number {
  let id = numbers.get(entry)
  if (id === undefined) numbers.set(entry, id = idFor(sourceIn('pool.run', entry)))
  return id
}

/** The number of an entry's source. Throws ErrnoError. */
export function idFor(source: string): number {
  const id = entryId(source)
  if (id < 0) throw new ErrnoError(-id, 'ThreadPool', 'ThreadPool: user memory is full, or there are too many different entries')
  return id
}
