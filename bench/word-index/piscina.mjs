// The word index as a user of piscina writes it: tasks of a few files each, for the pool to balance, then a task for each
// share of the merge. A table is typed arrays over shared memory, so nothing is copied here either. Arguments: the number
// of threads, then the folders.

import { Piscina } from 'piscina'
import { findFiles } from '../../build/examples/word-index/find-files.js'
import { parse, printIndex } from './print-index.mjs'

const TASKS_PER_THREAD = 4                                 // more balance better, fewer merge faster: the best of 1, 2, 4, 8
const { runs, rest: [threads, ...folders] } = parse()
const files = findFiles(folders).paths.split('\0')
let pool

for (let run = 1; run <= runs; run++) {
  const start = performance.now()
  const filename = new URL('./piscina-tasks.mjs', import.meta.url).href
  pool ??= new Piscina({ filename, minThreads: +threads, maxThreads: +threads })
  const all = (count, run) => Promise.all(Array.from({ length: count }, (_, i) => run(i)))
  const tasks = Math.min(files.length, threads * TASKS_PER_THREAD)
  const parts = await all(tasks, task => pool.run(files.filter((_, i) => i % tasks === task), { name: 'indexTexts' }))
  const tables = parts.map(part => part.table)
  await all(+threads, share => pool.run({ tables, share, shares: +threads }, { name: 'merge' }))
  if (run === runs) printIndex(tables, parts.reduce((sum, part) => sum + part.words, 0), start)
}
await pool.destroy()
