// A program whose second thread leaves a pool, with a loop in it that nobody ends any more.

import { load, Semaphore, Thread } from 'pthreads'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

await Thread.create(work.leavesLoop, new Semaphore(0)).joinAsync()
console.log('joined')
