// What a layer above does at the end of a thread, and for a carrier that has died.

import type { Death } from '../kernel/death.ts'

export interface Mourner {
  /** The calling thread is about to exit; nothing of it runs any more. */
  threadEnds(): void
  /** The thread `tid`, which the calling carrier has run, has exited. */
  threadEnded(tid: number): void
  /** In the spawner: carrier `n` is gone. All sleepers are woken afterwards. May be called again for the same one. */
  carrierDied(n: number, death: Death): void
}

export let mourner: Mourner = { threadEnds: () => undefined, threadEnded: () => undefined, carrierDied: () => undefined }

/** Installs what is told of ends: the ports. */
export function installMourner(m: Mourner): void {
  mourner = m
}
