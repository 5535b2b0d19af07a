// Entries for strict.test-d.ts; nobody runs them.

import type { Mutex } from 'pthreads'

export function add(a: number, b: number): number {
  return a + b
}

export function greet(name: string, options?: { loud?: boolean }): string {
  return options?.loud === true ? name.toUpperCase() : name
}

export async function sum(data: Float64Array, mutex: Mutex): Promise<{ sum: number }> {
  return await Promise.resolve({ sum: mutex.with(() => data.reduce((a, b) => a + b, 0)) })
}

export function nothing(): void { /* nothing */ }

export function many(first: string, ...rest: number[]): number[] {
  return [first.length, ...rest]
}

export const constant = 5
