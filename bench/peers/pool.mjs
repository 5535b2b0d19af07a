// Measures a peer's pool with one of the loads of pool-loads.mjs.

import { fileURLToPath } from 'node:url'
import { measurePool, threadsFor } from '../pool-loads.mjs'

const [peer, how] = process.argv.slice(2), threads = threadsFor(how)
const task = new URL(`./pool-task-${peer}.mjs`, import.meta.url)

const pools = {
  async piscina() {
    const { Piscina } = await import('piscina')
    const pool = new Piscina({ filename: task.href, minThreads: threads, maxThreads: threads })
    return {
      run: (value, transferList) => pool.run(value, transferList && { transferList }), end: () => pool.destroy(),
      spin: (begun, signal) => pool.run(begun, { signal, name: 'spin' }),
    }
  },
  async tinypool() {
    const { default: Tinypool } = await import('tinypool')
    const pool = new Tinypool({ filename: task.href, minThreads: threads, maxThreads: threads })
    return {
      run: (value, transferList) => pool.run(value, transferList && { transferList }), end: () => pool.destroy(),
      spin: (begun, signal) => pool.run(begun, { signal, name: 'spin' }),
    }
  },
  async workerpool() {
    const { default: workerpool } = await import('workerpool')
    const pool = workerpool.pool(fileURLToPath(task), { workerType: 'thread', minWorkers: threads, maxWorkers: threads })
    return {
      run: (value, transfer) => pool.exec('probe', [value], transfer && { transfer }), end: () => pool.terminate(true),
      spin(begun, signal) {
        const promise = pool.exec('spin', [begun])
        signal.addEventListener('abort', () => { promise.cancel() })
        return promise
      },
    }
  },
  async poolifier() {
    const { FixedThreadPool } = await import('poolifier')
    const pool = new FixedThreadPool(threads, fileURLToPath(task))
    return { run: (value, transfer) => pool.execute(value, undefined, undefined, transfer), end: () => pool.destroy() }
  },
}

const { run, end, spin } = await pools[peer]()
await measurePool(peer, how, run, spin)
await end()
