// A result whose parts move instead of being copied.

const lists = new WeakMap<object, readonly object[]>()

/** Marks `value`, the result of a thread: what is in `list` moves to whoever joins. Returns `value`. */
export function transfer<T extends object>(value: T, list: readonly object[]): T {
  lists.set(value, list)
  return value
}

/** The transfer list of a result. */
export function transferListOf(value: unknown): readonly object[] {
  return typeof value === 'object' && value !== null ? lists.get(value) ?? [] : []
}
