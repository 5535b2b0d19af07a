// Whether there is room for another Worker.

import test from 'node:test'
import assert from 'node:assert/strict'
import { lack } from '#internal/host/room.js'

const GIB = 2 ** 30

test('Workers that would take the last memory mappings, or the last memory, are not asked for', () => {
  const room = { mappings: 4000, mostMappings: 65530, bytes: 8 * GIB }
  assert.equal(lack(100, 32, room), undefined)
  assert.equal(lack(1000, 32, { ...room, mappings: 65000 }), '1000 Workers have 65000 memory mappings, of 65530 that Linux gives a process (vm.max_map_count)')
  assert.equal(lack(100, 32, { ...room, bytes: 300 * 2 ** 20 }), '300 MiB of memory are left')
})

test('those that boot still, and have mapped little, count as if they had', () => {
  assert.match(lack(1000, 32, { mappings: 4000, mostMappings: 65530, bytes: 8 * GIB })!, /^1000 Workers have 4000 /)
})

test('where the mappings are not known only the memory counts', () => {
  assert.equal(lack(5000, 32, { mappings: undefined, mostMappings: undefined, bytes: 8 * GIB }), undefined)
  assert.equal(lack(5000, 32, { mappings: undefined, mostMappings: undefined, bytes: GIB / 4 }), '256 MiB of memory are left')
})
