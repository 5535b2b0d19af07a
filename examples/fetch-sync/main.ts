// A walk over a web site, written as one would for files: a recursive function that simply waits for each page. Every
// walker is a thread that blocks; `fetch` runs in the process's I/O thread, which serves all of them at once.
//
//   pthreads run build/examples/fetch-sync/main.js -- [walkers] [pages]

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { processInfo, runSync, Semaphore, Thread, thread } from 'pthreads'

/** Runs in the I/O thread. */
const fetchText = thread(import.meta, async function fetchText(url: string): Promise<string> {
  const response = await fetch(url)
  return response.text()
})

/** Page n links to pages 2n and 2n + 1, up to the last one. */
const serve = thread(import.meta, async function serve(pages: number, port: Int32Array, listening: Semaphore, done: Semaphore): Promise<void> {
  const server = createServer(({ url }, response) => {
    const n = Number(url!.slice(1))
    response.end([2 * n, 2 * n + 1].filter(link => link <= pages).join(' '))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port[0] = (server.address() as AddressInfo).port
  listening.post()
  await done.waitAsync()
  server.close()
  server.closeAllConnections()
})

/** Counts the pages that can be reached from page n. */
const walk = thread(import.meta, function walk(port: number, n: number): number {
  const text = runSync(fetchText, `http://127.0.0.1:${port}/${n}`)
  let pages = 1
  for (const link of text.split(' ')) if (link !== '') pages += walk(port, Number(link))
  return pages
})

/** Runs the program; returns its exit code. */
export function main([walkers = '4', pages = '31']: string[]): number {
  const threads = Number(walkers), last = Number(pages)
  if (![threads, last].every(value => Number.isInteger(value) && value > 0)) {
    console.error('fetch-sync: two numbers: how many walkers and pages')
    return 2
  }
  const port = new Int32Array(new SharedArrayBuffer(4)), listening = new Semaphore(0), done = new Semaphore(0)
  const server = Thread.create(serve, last, port, listening, done)
  listening.wait()

  const counts = Array.from({ length: threads }, () => Thread.create(walk, port[0], 1)).map(walker => walker.join())
  done.post()
  server.join()

  const { submitted, batches, largestBatch } = processInfo().io
  console.log(`${submitted} calls in ${batches} batches, at most ${largestBatch} at once`)
  console.log(`pages found by each walker: ${counts.join(' ')}`)
  return counts.every(count => count === last) ? 0 : 1
}
