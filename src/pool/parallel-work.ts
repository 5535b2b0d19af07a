// The tasks of parallel.ts.

import { isThenable } from '../pthread/awaiting.ts'
import { routineNow, type Entry } from '../pthread/entry.ts'
import { idOf } from './entry-id.ts'
import type { Numbers, Sortable } from './parallel.ts'
import { sortByCounting, sortByDigits, type Narrow, type Wide } from './radix.ts'

// Or of bigints.
type Two = (a: number, b: number) => number

async function functionOf(entry: Entry): Promise<Two> {
  return await routineNow(idOf(entry)) as unknown as Two
}

export async function mapPart(entry: Entry, array: Sortable, result: Sortable, from: number, to: number): Promise<void> {
  const f = await functionOf(entry), xs = array as Numbers, ys = result as Numbers, kind = typeof array[0]
  for (let i = from; i < to; i++) {
    const y = f(xs[i], i)
    if (typeof y !== kind) throw notThat('parallelMap', entry, y, kind)
    ys[i] = y
  }
}

export async function reducePart(entry: Entry, array: Sortable, identity: unknown, from: number, to: number): Promise<unknown> {
  const f = await functionOf(entry), xs = array as Numbers, kind = typeof identity
  let value = identity as number
  for (let i = from; i < to; i++) value = f(value, xs[i])
  if (typeof value !== kind) throw notThat('parallelReduce', entry, value, kind)
  return value
}

export async function reduceValues(entry: Entry, values: readonly unknown[]): Promise<unknown> {
  const f = await functionOf(entry)
  return (values as readonly number[]).reduce((a, b) => f(a, b))
}

function notThat(operation: string, entry: Entry, value: unknown, kind: string): TypeError {
  const what = isThenable(value) ? 'a promise, and it is not awaited' : typeof value
  return new TypeError(`${operation}: "${entry.name}" has returned ${what}: not a ${kind}`)
}

/** Sorts a part of `array`, with the help of the same part of `spare`, where the result is to be if `moves`. */
export function sortPart(array: Wide, spare: Wide, from: number, to: number, moves: boolean): void {
  const part = array.subarray(from, to), other = spare.subarray(from, to), sorted = sortByDigits(part, other)
  if (moves && sorted === part) other.set(part as never)
  else if (!moves && sorted === other) part.set(other as never)
}

/** Sorts an array of small numbers. */
export function sortNarrow(array: Narrow): void {
  sortByCounting(array)
}

/** Merges low … middle and middle … high of `from`, both sorted: those elements that come to begin … end of `to`. */
export function mergePart(from: Wide, to: Wide, low: number, middle: number, high: number, begin: number, end: number): void {
  let i = split(from, low, middle, high, begin - low), j = middle + (begin - low) - (i - low), at = begin
  while (at < end && i < middle && j < high) {
    const x = from[i], y = from[j]
    if (x < y) {
      to[at++] = x as never
      i++
    } else if (y < x || precedes(y, x)) {
      to[at++] = y as never
      j++
    } else {
      to[at++] = x as never
      i++
    }
  }
  const [rest, last] = i < middle ? [i, middle] : [j, high]
  to.set(from.subarray(rest, Math.min(last, rest + end - at)) as never, at)
}

// Where in the first half the merge stands when it has written `count` elements: of equal ones those of the first half come first.
function split(a: Wide, low: number, middle: number, high: number, count: number): number {
  let least = Math.max(low, low + count - (high - middle)), most = Math.min(middle, low + count)
  while (least < most) {
    const i = least + most >>> 1, j = middle + count - (i - low) - 1      // is a[i] among them, before a[j]?
    if (precedes(a[j], a[i])) most = i
    else least = i + 1
  }
  return least
}

// The order of sort: -0 before 0, NaN last.
function precedes(x: number | bigint, y: number | bigint): boolean {
  if (x < y) return true
  if (x > y) return false
  return x === y ? x === 0 && Object.is(x, -0) && Object.is(y, 0) : Number.isNaN(y) && !Number.isNaN(x)
}
