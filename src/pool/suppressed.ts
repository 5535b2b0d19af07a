// Several errors, of which one can be thrown.

/** The first of `errors`, which has the others, if there are any, in `suppressed`. What cannot carry them becomes the `cause` of an Error that does. */
export function withSuppressed(errors: readonly unknown[]): unknown {
  const [first, ...others] = errors
  if (others.length === 0) return first
  const carries = typeof first === 'object' && first !== null && Object.isExtensible(first)
  const error = carries ? first : new Error(String(first), { cause: first })
  Object.defineProperty(error, 'suppressed', { value: others, configurable: true, writable: true, enumerable: false })
  return error
}
