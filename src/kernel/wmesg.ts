// Why a thread sleeps.  A thread that sleeps always says so; the index stands in its record, eighteen at most
// (each has a counter there).

export const wmesgs = ['', 'mutex', 'condition', 'semaphore', 'join', 'once', 'sleep', 'start', 'mail', 'exit of all',
  'rwlock', 'output', 'barrier', 'port', 'signal', 'futex', 'call', 'reply'] as const

export type Wmesg = Exclude<(typeof wmesgs)[number], ''>

/** The index of a reason. */
export const wmesg = Object.fromEntries(wmesgs.map((name, index) => [name, index])) as Record<Wmesg, number>
