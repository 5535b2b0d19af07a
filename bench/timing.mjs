// How a contestant in JavaScript measures: a warm-up of the same length (the compiler works on the same core, the caches), then
// batches until the time is over; the value is the mean of that one process. The harness takes the median of
// several processes.

export const milliseconds = Number(process.env.BENCH_MILLISECONDS ?? 800)

/** Nanoseconds per operation of `batch`, which does `size` of them. */
export function perOperation(size, batch) {
  let result = 0
  for (const length of [milliseconds, milliseconds]) {
    let operations = 0, elapsed = 0
    const start = performance.now()
    do {
      batch()
      operations += size
      elapsed = performance.now() - start
    } while (elapsed < length)
    result = elapsed * 1e6 / operations
  }
  return result
}

/** The same for an asynchronous `batch`. */
export async function perOperationAsync(size, batch) {
  let result = 0
  for (const length of [milliseconds, milliseconds]) {
    let operations = 0, elapsed = 0
    const start = performance.now()
    do {
      await batch()
      operations += size
      elapsed = performance.now() - start
    } while (elapsed < length)
    result = elapsed * 1e6 / operations
  }
  return result
}

/** The one line a contestant prints. `ok: false` says that it computed something wrong. */
export function report(name, value, unit, { ok = true, ...more } = {}) {
  console.log(JSON.stringify({ name, value, unit, ok, ...more }))
}
