// The word index with the library: the example's own worker, and its main.ts without the first run on one thread, the
// progress and the report. Arguments: the number of threads, then the folders.

import { load, Mutex, Thread } from '../../dist/api/index.js'
import { findFiles } from '../../build/examples/word-index/find-files.js'
import { SHARED } from '../../build/examples/word-index/shared.js'
import { printIndex } from './print-index.mjs'

const worker = load(new URL('../../build/examples/word-index/worker.js', import.meta.url))
const threads = Number(process.argv[2])
const { paths } = findFiles(process.argv.slice(3))

const start = performance.now()
const all = create => Array.from({ length: threads }, (_, i) => create(i)).map(thread => thread.join())
const shared = new Int32Array(new SharedArrayBuffer(SHARED * 4)), mutex = new Mutex()
const parts = all(() => Thread.create(worker.indexFiles, paths, shared, mutex))
const tables = parts.map(part => part.table)
if (threads > 1) all(share => Thread.create(worker.mergeShare, tables, share, threads))
printIndex(tables, parts.reduce((sum, part) => sum + part.words, 0), start)
