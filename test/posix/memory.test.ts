// What pthreads/posix has beside the functions of the standard: the memory of its objects.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { free, malloc, memory } from 'pthreads/posix'
import { baseline, nothingLeft } from '../leftovers.ts'
import { inThread, m, newWord, word, work } from './setup.ts'

afterEach(() => nothingLeft())

test('every call gives the same memory, and every thread has it', () => {
  assert.equal(memory(), m)
  const address = newWord()
  inThread(work.storeSelf, address)
  assert.notEqual(word(address), 0)
})

test('malloc gives cleared memory aligned to 16, and free takes it back', async () => {
  const since = baseline()
  for (const bytes of [1, 16, 100, 5000, 100_000]) {
    const address = malloc(bytes)
    assert.equal(address % 16, 0)
    assert.ok(m.u8.subarray(address, address + bytes).every(byte => byte === 0))
    m.u8.fill(0xff, address, address + bytes)
    free(address)
    const again = malloc(bytes)
    assert.ok(m.u8.subarray(again, again + bytes).every(byte => byte === 0))
    free(again)
  }
  await nothingLeft(since)
})

test('malloc of what is not there is 0, as is malloc of what is no number of bytes', () => {
  for (const bytes of [2 ** 31, 2 ** 40, Infinity, -1, NaN]) assert.equal(malloc(bytes), 0)
})

test('free of 0 does nothing', async () => {
  const since = baseline()
  free(0)
  await nothingLeft(since)
})
