// Which cores the contestants get, and whether they can be confined to them.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Numbers of the cores this process may use; empty where the system does not say. */
function allowedCores() {
  let status
  try {
    status = readFileSync('/proc/self/status', 'utf8')
  } catch {
    return []
  }
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? ''
  return list.split(',').filter(Boolean).flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

export const cores = allowedCores().slice(0, 2)
export const canPin = cores.length > 0 && spawnSync('taskset', ['-c', String(cores[0]), 'true']).status === 0

/** The placements that can be measured here: S and X, or neither confined nor told apart. */
export const placements = !canPin ? ['free'] : cores.length < 2 ? ['S'] : ['S', 'X']

/** Words to put before a command so that it runs in `placement`. */
export function confine(placement) {
  if (!canPin) return []
  return ['taskset', '-c', placement === 'S' ? String(cores[0]) : cores.join(',')]
}
