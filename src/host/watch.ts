// What a carrier wants to know of its own Worker.

/** Called when things happen to the Worker. */
export interface Watcher {
  /** An exception that nobody caught, or a rejection that nobody handles. */
  uncaught(error: unknown): void
  /** The event loop has nothing left to do. */
  starved(): void
  /** The Worker runs its exit handlers; not when it is terminated. */
  exiting(code: number): void
}

/** Installs the watcher. A handler of the program for uncaught exceptions goes first, and ours stays out of it. */
export function watch(watcher: Watcher): void {
  process.on('uncaughtException', error => {
    if (process.listenerCount('uncaughtException') === 1) watcher.uncaught(error)
  })
  process.on('beforeExit', () => { watcher.starved() })
  process.on('exit', code => { watcher.exiting(code) })
}
