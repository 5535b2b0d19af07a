// Beats: words that the spawner counts up, for code that cannot be interrupted and looks whether time has passed (wasm/preemption.ts).

import { add } from '#atomics'
import type { Address } from '../mem/memory.ts'
import { memoryOf } from './memories.ts'

const beating = new Map<number, ReturnType<typeof setInterval>>()

/** For the spawner: adds 1 to the word at `address` of memory `id` every `ms`, until {@link stopBeat}. */
export function startBeat(id: number, address: Address, ms: number): void {
  const memory = memoryOf(id)
  if (memory !== undefined) beating.set(id, setInterval(() => { add(memory, address, 1) }, ms))
}

/** For the spawner: nobody uses the memory `id` any more. */
export function stopBeat(id: number): void {
  clearInterval(beating.get(id))
  beating.delete(id)
}
