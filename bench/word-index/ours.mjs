// The word index with the library, as the example does it without its progress and its report: the first thread is one
// of the threads, and works while the others start. Arguments: the number of threads, then the folders.

import { load, Mutex, Thread } from '../../dist/api/index.js'
import { findFiles } from '../../build/examples/word-index/find-files.js'
import { SHARED } from '../../build/examples/word-index/shared.js'
import { indexFiles, mergeShare } from '../../build/examples/word-index/worker.js'
import { parse, printIndex } from './print-index.mjs'

const worker = load(new URL('../../build/examples/word-index/worker.js', import.meta.url))
const { runs, rest: [threads, ...folders] } = parse()
const { paths } = findFiles(folders)
const others = create => Array.from({ length: threads - 1 }, (_, i) => create(i + 1))

for (let run = 1; run <= runs; run++) {
  const start = performance.now()
  const shared = new Int32Array(new SharedArrayBuffer(SHARED * 4)), mutex = new Mutex()
  const indexing = others(() => Thread.create(worker.indexFiles, paths, shared, mutex))
  const parts = [indexFiles(paths, shared, mutex).next().value, ...indexing.map(thread => thread.join())]
  const tables = parts.map(part => part.table)
  const merging = others(share => Thread.create(worker.mergeShare, tables, share, +threads))
  mergeShare(tables, 0, +threads)
  for (const thread of merging) thread.join()
  if (run === runs) printIndex(tables, parts.reduce((sum, part) => sum + part.words, 0), start)
}
