// pthread_exit.  POSIX.1-2024.

/** What pthread_exit throws; the start routine catches it. Program code that catches everything should let it pass. */
export class ThreadExit {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/** Ends the calling thread with `value` as its result. `finally` blocks, then the key destructors run. */
export function pthread_exit(value?: unknown): never {
  throw new ThreadExit(value)
}
