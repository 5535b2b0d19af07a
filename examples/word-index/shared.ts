// The ints that the threads of a run share. A file of its own, so that the first thread need not load the code of the others.

/** The first file that no thread has taken: belongs to whoever holds the mutex. */
export const NEXT = 0

/** Added to atomically. */
export const KILOBYTES_DONE = 1

/** How many ints they are. */
export const SHARED = 2
