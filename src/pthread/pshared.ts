// The attribute process-shared of objects.  An object is shared by whoever shares its memory, so it decides nothing here.

export const PTHREAD_PROCESS_PRIVATE = 0, PTHREAD_PROCESS_SHARED = 1
/** What attributes have there that were destroyed. */
export const DESTROYED = -1

/** Whether `value` is one of the two. */
export function isPshared(value: number): boolean {
  return value === PTHREAD_PROCESS_PRIVATE || value === PTHREAD_PROCESS_SHARED
}
