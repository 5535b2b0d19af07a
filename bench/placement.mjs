// Where the threads of a contestant run.
//
// S  the harness confines the whole process to one core (taskset -c 0)
// X  the process gets two cores (taskset -c 0,1), and the two threads that work are pinned to one each. With
//    the process confined and its threads free, the kernel often puts both on one core, and the same program
//    is measured at 12 or at 80 microseconds a round trip.
//
// A thread finds its own number in /proc/thread-self and asks taskset, once, before anything is measured.

import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'

export const placement = process.env.BENCH_PLACEMENT ?? 'free'
const cores = (process.env.BENCH_CORES ?? '0,1').split(',')

/** The operating system's number of the calling thread. */
export function threadNumber() {
  return Number(readlinkSync('/proc/thread-self').split('/').pop())
}

/** Pins the calling thread, or the one with that number, to the core of `worker` (0 or 1), if this is a run across cores. */
export function pinWorker(worker, number = threadNumber()) {
  if (placement === 'X') execFileSync('taskset', ['-cp', cores[worker], String(number)], { stdio: 'ignore' })
}
