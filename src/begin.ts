// What the Worker of the spawner, or of a carrier, begins with.

import { becomeCarrier } from './api/carrier.ts'
import { give } from './api/resolve.ts'
import { becomeSpawner } from './api/spawner.ts'
import { node as host } from './host/node.ts'
import type { Birth } from './kernel/host.ts'
import { getReady, serve } from './pool/serve.ts'

/** Becomes what `birth` says; the spawner learns later what process it belongs to. */
export function begin(birth: Birth): void {
  if (birth.role !== 'carrier') return host.awaitBirth(born => void becomeSpawner(born))
  for (const f of [serve, getReady]) give(`u${new URL('../pool/serve.js', import.meta.url).href}\n${f.name}`, f)   // they are here: nothing is to be imported
  becomeCarrier(birth)
}
