// The bits of a thread's cancel word.

/** A cancellation was requested. */
export const REQUESTED = 1
/** PTHREAD_CANCEL_DISABLE. */
export const DISABLED = 2
/** PTHREAD_CANCEL_ASYNCHRONOUS. */
export const ASYNCHRONOUS = 4
/** The thread ends already. */
export const ENDING = 8
