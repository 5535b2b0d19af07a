// Limits of threads: what POSIX has in <limits.h> and <sched.h>, and what the host sets.

/** Smallest stack in bytes: less does not start a Worker. A multiple of the page size. */
export const PTHREAD_STACK_MIN = 512 * 1024
/** What a thread gets that asks for nothing: Node's default for Workers. */
export const STACK_DEFAULT = 4 * 1024 * 1024
/** Largest stack in bytes. */
export const PTHREAD_STACK_MAX = 1024 * 1024 * 1024
/** Smallest heap limit in bytes: less does not start a Worker. */
export const HEAP_MIN = 8 * 1024 * 1024
/** Size of a page of memory, bytes: default guard size. */
export const PAGE = 4096

/** Priorities of SCHED_FIFO and SCHED_RR; those of SCHED_OTHER are all 0. */
export const PRIORITY_MIN = 1, PRIORITY_MAX = 99

/** Most bytes of a name given by pthread_setname_np, as in Linux. */
export const NAME_MAX = 15

/** What sched_rr_get_interval tells, ms: the slice of SCHED_RR for threads that share a carrier. */
export const RR_INTERVAL = 100

/** Processors that pthread_setaffinity_np knows. */
export const CPU_SETSIZE = 64
