// For assert.throws and assert.rejects: an ErrnoError of that code, and its message.

import assert from 'node:assert/strict'
import { ErrnoError } from 'pthreads'

/** Accepts an ErrnoError of that code whose message begins with the code and matches. */
export function failing(code: string, message = /./): (error: unknown) => boolean {
  return error => {
    assert.ok(error instanceof ErrnoError, String(error))
    assert.equal(error.code, code, error.message)
    assert.ok(error.message.startsWith(`${code}: `), error.message)
    assert.match(error.message, message)
    return true
  }
}
