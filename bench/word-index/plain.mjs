// The word index without threads: a loop. Arguments: the folders.

import { findFiles } from '../../build/examples/word-index/find-files.js'
import { printIndex } from './print-index.mjs'
import { indexTexts } from './read-text.mjs'

const files = findFiles(process.argv.slice(2)).paths.split('\0')
const start = performance.now()
const { table, words } = indexTexts(files)
printIndex([table], words, start)
