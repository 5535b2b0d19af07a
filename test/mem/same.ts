// Compares two graphs of values: contents, order of properties, classes, and which parts are shared.

import assert from 'node:assert/strict'

/** Throws unless `a` and `b` are the same graph. */
export function same(a: unknown, b: unknown, path = 'value', met = new Map<unknown, unknown>(), back = new Map<unknown, unknown>()): void {
  const work: [unknown, unknown, string][] = [[a, b, path]]
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const [x, y, at] = next
    if (typeof x !== 'object' || x === null || typeof y !== 'object' || y === null) {
      assert.ok(Object.is(x, y), `${at}: ${String(x)} and ${String(y)}`)
      continue
    }
    if (met.has(x) || back.has(y)) {
      assert.ok(met.get(x) === y && back.get(y) === x, `${at}: shared differently`)
      continue
    }
    met.set(x, y)
    back.set(y, x)
    assert.equal(Object.getPrototypeOf(x), Object.getPrototypeOf(y), `${at}: another class`)
    for (const [step, p, q] of parts(x, y, at)) work.push([p, q, at.length > 200 ? at : at + step])
  }
}

function parts(x: object, y: object, at: string): [string, unknown, unknown][] {
  const list: [string, unknown, unknown][] = []
  const pairs = (p: Iterable<unknown>, q: Iterable<unknown>): void => {
    const ps = [...p], qs = [...q]
    assert.equal(ps.length, qs.length, `${at}: another size`)
    ps.forEach((each, i) => list.push([`#${i}`, each, qs[i]]))
  }
  if (ArrayBuffer.isView(x)) {
    const v = y as Uint8Array
    assert.deepEqual([x.byteOffset, x.byteLength], [v.byteOffset, v.byteLength], at)
    return [['.buffer', x.buffer, v.buffer]]
  }
  if (x instanceof ArrayBuffer) {
    assert.deepEqual(new Uint8Array(x), new Uint8Array(y as ArrayBuffer), at)
    assert.equal((x as { maxByteLength?: number }).maxByteLength, (y as { maxByteLength?: number }).maxByteLength, at)
  }
  if (x instanceof Map) {
    pairs(x.keys(), (y as Map<unknown, unknown>).keys())
    pairs(x.values(), (y as Map<unknown, unknown>).values())
  }
  if (x instanceof Set) pairs(x, y as Set<unknown>)
  if (x instanceof Date) list.push(['.time', x.getTime(), (y as Date).getTime()])
  if (x instanceof RegExp) list.push(['.source', x.source, (y as RegExp).source], ['.flags', x.flags, (y as RegExp).flags], ['.lastIndex', x.lastIndex, (y as RegExp).lastIndex])
  if (x instanceof Number || x instanceof String || x instanceof Boolean || x instanceof BigInt) list.push(['.valueOf()', x.valueOf(), y.valueOf()])
  if (Array.isArray(x)) list.push(['.length', x.length, (y as unknown[]).length])
  if (x instanceof Error)
    for (const name of ['message', 'stack', 'cause'])
      list.push([`.${name}`, (x as unknown as Record<string, unknown>)[name], (y as unknown as Record<string, unknown>)[name]])
  const names = Object.keys(x)
  assert.deepEqual(names, Object.keys(y), `${at}: other properties`)
  for (const name of names) list.push([`.${name}`, (x as Record<string, unknown>)[name], (y as Record<string, unknown>)[name]])
  return list
}
