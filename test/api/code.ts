import assert from 'node:assert/strict'
import { ErrnoError } from 'pthreads'

/** For assert.throws and rejects: an ErrnoError with that code, and a message that matches. */
export const code = (expected: string, message?: RegExp) => (error: unknown): boolean => {
  assert.ok(error instanceof ErrnoError, String(error))
  assert.equal(error.code, expected)
  if (message !== undefined) assert.match(error.message, message)
  return true
}
