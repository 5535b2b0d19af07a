// pthread_atfork.  POSIX.1-2024.
//
// There is no fork: no host can duplicate a process with its heaps.  So the handlers are never due, and none is kept.

import { EINVAL } from '../kernel/errno.ts'

type Handler = (() => void) | null

/** Accepts handlers for fork, which does not exist here: they never run. EINVAL for what is neither a function nor null. */
export function pthread_atfork(prepare: Handler, parent: Handler, child: Handler): number {
  return [prepare, parent, child].every(handler => handler === null || typeof handler === 'function') ? 0 : EINVAL
}
