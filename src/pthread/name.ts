// Names of threads, as the GNU library has them.

import { EINVAL, ENOMEM, ERANGE, ESRCH } from '../kernel/errno.ts'
import { find } from '../kernel/thread.ts'
import { NAME_MAX } from './limits.ts'
import { nameOf } from './obituary.ts'
import { giveName } from './thread.ts'

/** Names `thread`. ERANGE for more than 15 bytes of UTF-8 (`Thread.create` takes longer ones); ESRCH; ENOMEM. */
export function pthread_setname_np(thread: number, name: string): number {
  if (typeof name !== 'string') return EINVAL
  let bytes = 0
  for (const character of name) bytes += character.length === 2 ? 4 : character < '\x80' ? 1 : character < '\u0800' ? 2 : 3
  if (bytes > NAME_MAX) return ERANGE
  const slot = find(thread)
  if (slot === 0) return ESRCH
  return giveName(slot, name) ? 0 : ENOMEM
}

/** Stores the name of `thread`, given or its function's, as `out.value`. ESRCH. */
export function pthread_getname_np(thread: number, out: { value?: string }): number {
  const slot = find(thread)
  if (slot === 0) return ESRCH
  out.value = nameOf(slot)
  return 0
}
