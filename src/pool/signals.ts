// AbortSignals of tasks: one listener for each signal, however many tasks it is given to.

interface Signaled { signal: AbortSignal | undefined }

export class Signals {
  readonly #abort: (job: Signaled, reason: unknown) => void
  readonly #known = new Map<AbortSignal, { jobs: Set<Signaled>, listener: () => void }>()

  constructor(abort: (job: Signaled, reason: unknown) => void) {
    this.#abort = abort
  }

  /** `job` is to be aborted when `signal` is. */
  add(signal: AbortSignal, job: Signaled): void {
    let known = this.#known.get(signal)
    if (known === undefined) {
      const jobs = new Set<Signaled>()
      const listener = (): void => {
        this.#known.delete(signal)
        for (const each of jobs) this.#abort(each, signal.reason)
      }
      this.#known.set(signal, known = { jobs, listener })
      signal.addEventListener('abort', listener, { once: true })
    }
    known.jobs.add(job)
    job.signal = signal
  }

  /** Not any more. */
  remove(signal: AbortSignal, job: Signaled): void {
    const known = this.#known.get(signal)
    if (known === undefined || !known.jobs.delete(job) || known.jobs.size !== 0) return
    this.#known.delete(signal)
    signal.removeEventListener('abort', known.listener)
  }
}
