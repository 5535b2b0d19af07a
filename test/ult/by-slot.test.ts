import assert from 'node:assert/strict'
import test from 'node:test'
import { BySlot } from '#internal/ult/by-slot.js'

test('what is added is found by its slot until it is deleted, however far the slots lie apart', () => {
  const table = new BySlot<{ n: number }>()
  const slots = [1, 1023, 1024, 5000, 1_000_000]
  for (const n of slots) table.add(n, { n })
  assert.deepEqual(slots.map(slot => table.get(slot)?.n), slots)
  assert.deepEqual([0, 2, 3000, 999_999, 2_000_000].map(slot => table.get(slot)), [null, null, null, null, null])
  assert.deepEqual([table.size, table.slots()], [5, slots])
  for (const slot of [1, 5000]) table.delete(slot)
  assert.deepEqual([table.size, table.slots()], [3, [1023, 1024, 1_000_000]])
  assert.equal(table.get(1), null)
  table.add(1, { n: 7 })
  assert.equal(table.get(1)?.n, 7)
})
