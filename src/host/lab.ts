// The lab's Workers: as carriers, but that `#atomics` is the lab's in them.

import { availableParallelism } from 'node:os'
import { Worker, type MessagePort } from 'node:worker_threads'
import { carriedOptions } from './node.ts'

const boot = new URL('../boot.js', import.meta.url)

/** Starts a Worker of the lab; `ended` is called once, with what ended it if that was an error. `traces`: stacks name the source. */
export function startLab(birth: { readonly port: unknown }, traces: boolean, ended: (error: unknown) => void): { terminate(): Promise<unknown> } {
  const worker = new Worker(boot, {
    workerData: birth, transferList: [birth.port as MessagePort], name: 'pthreads lab', trackUnmanagedFds: false,
    execArgv: [...carriedOptions(), '--conditions=lab', ...traces ? ['--enable-source-maps'] : []],
  })
  let error: unknown
  worker.on('error', e => { error = e })
  worker.on('exit', () => { ended(error) })
  return worker
}

/** Promises may be rejected with `reason` in this heap, and nobody need care. */
export function pardon(reason: unknown): void {
  process.on('unhandledRejection', error => {
    if (error !== reason) throw error
  })
}

/** Memory that Workers share. */
export function labMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes)
}

/** Processors that this process may use; 1 when it is pinned. */
export const labProcessors = availableParallelism
