// What the threads of store.test.ts do.

import { Thread, type Semaphore } from 'pthreads'
import { SharedStore, type SharedTable } from '../../examples/resp/shared-store.ts'

/** Adds 1 to each of five keys in turn, `n` times in all. */
export function increments(table: SharedTable, n: number): void {
  const store = new SharedStore(table)
  for (let i = 0; i < n; i++) {
    store.enter()
    const key = `n${i % 5}`
    store.set(key, String(Number(store.get(key, 0) ?? 0) + 1), Infinity, 0)
    store.leave()
  }
}

/** Stays in the middle of a command. */
export function stays(table: SharedTable, inside: Semaphore): void {
  new SharedStore(table).enter()
  inside.post()
  for (;;) Thread.sleep(1e6)
}
