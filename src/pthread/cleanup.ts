// Cleanup handlers.  POSIX.1-2024 pthread_cleanup_push, _pop.
//
// They run when the thread ends by pthread_exit or is canceled, the last one first, after the `finally` blocks that
// the exception passes, and before the destructors of keys.  In JavaScript try … finally does the same and cannot get
// out of step; these are for programs that come from C.

import { local, type Cleanup, type Local } from './local.ts'

/** `routine(arg)` is called when the thread ends before {@link pthread_cleanup_pop}. */
export function pthread_cleanup_push<T>(routine: (arg: T) => unknown, arg?: T): void {
  (local.cleanup ??= []).push({ routine, arg })
}

/** Takes the handler off that was pushed last, and calls it if `execute` is not 0. */
export function pthread_cleanup_pop(execute: number | boolean): void {
  const handler = local.cleanup?.pop()
  if (handler !== undefined && Boolean(execute)) handler.routine(handler.arg as never)
}

/** {@link pthread_cleanup_push} for what may be taken off in another order: by {@link removeCleanup}, with what was `local` now. */
export function pushCleanup(routine: () => unknown): Cleanup {
  const handler = { routine, arg: undefined };
  (local.cleanup ??= []).push(handler)
  return handler
}

/** Takes a handler off, if it is still there. */
export function removeCleanup(from: Local, handler: Cleanup): void {
  const at = from.cleanup?.lastIndexOf(handler) ?? -1
  if (at >= 0) from.cleanup!.splice(at, 1)
}

/** The handler to be called next, taken off; undefined if there is none. */
export function nextCleanup(): (() => unknown) | undefined {
  const handler = local.cleanup?.pop()
  return handler === undefined ? local.ending?.cleanup() : () => handler.routine(handler.arg as never)
}

/** The thread has returned: what it pushed and did not pop is forgotten. */
export function forgetCleanup(): void {
  local.cleanup = undefined
}
