// A result whose parts move instead of being copied.

const lists = new WeakMap<object, readonly object[]>()

/** Marks `value`, the result of a thread: what is in `list` moves to whoever joins. Returns `value`. Throws TypeError. */
export function transfer<T extends object>(value: T, list: readonly object[]): T {
  if (typeof value !== 'object' || value === null) throw new TypeError(`transfer: ${value === null ? 'null' : typeof value}, not an object`)
  if (!Array.isArray(list)) throw new TypeError('transfer: the list is not an array')
  lists.set(value, list)
  return value
}

/** The transfer list of a result. */
export function transferListOf(value: unknown): readonly object[] {
  return typeof value === 'object' && value !== null ? lists.get(value) ?? [] : []
}
