// Whether there is room for another Worker.  Where V8 can map no more memory it ends the whole process, so it is not asked for a Worker
// that may be one too many: Linux bounds the mappings of a process (vm.max_map_count), of which a Worker takes 35 to 55, and
// memory has an end anywhere.
//
// Mappings and memory are looked at again after some Workers; those that have been asked for may be booting still, so what they will take is estimated.

import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'

/** So many Workers are never too many. */
const FEW = 64
const AGAIN = 16
const MAPPINGS = 64, BYTES = 16 * 2 ** 20                                 // of a Worker
const RESERVE = 256 * 2 ** 20

/** What is known of this process; undefined: not here. */
export interface Room { readonly mappings: number | undefined, readonly mostMappings: number | undefined, readonly bytes: number }

/** Why there is no room for `more` Workers besides `workers` that there are; undefined: there is. */
export function lack(workers: number, more: number, { mappings, mostMappings, bytes }: Room): string | undefined {
  if (mappings !== undefined && mostMappings !== undefined) {
    const taken = Math.max(mappings, workers * MAPPINGS)
    if (taken + more * MAPPINGS > mostMappings) return `${workers} Workers have ${mappings} memory mappings, of ${mostMappings} that Linux gives a process (vm.max_map_count)`
  }
  return bytes < RESERVE + more * BYTES ? `${Math.round(bytes / 2 ** 20)} MiB of memory are left` : undefined
}

let reason: string | undefined
let looked = 0

/** Throws if there is no room for another Worker besides `workers`. */
export function checkRoom(workers: number): void {
  if (workers < FEW) return
  if (reason !== undefined || Math.abs(workers - looked) >= AGAIN) {
    reason = lack(workers, 2 * AGAIN, look())
    looked = workers
  }
  if (reason !== undefined) throw new Error(`no room for another Worker: ${reason}`)
}

function look(): Room {
  const { availableMemory = freemem } = process as { availableMemory?: () => number }
  return { mappings: count('/proc/self/maps', text => text.split('\n').length - 1), mostMappings: count('/proc/sys/vm/max_map_count', Number), bytes: availableMemory() }
}

function count(file: string, of: (text: string) => number): number | undefined {
  try {
    return of(readFileSync(file, 'latin1'))
  } catch {
    return undefined
  }
}
