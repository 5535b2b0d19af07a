// The word index without threads: a loop. Arguments: the folders.

import { findFiles } from '../../build/examples/word-index/find-files.js'
import { parse, printIndex } from './print-index.mjs'
import { indexTexts } from './read-text.mjs'

const { runs, rest: folders } = parse()
const files = findFiles(folders).paths.split('\0')

for (let run = 1; run <= runs; run++) {
  const start = performance.now()
  const { table, words } = indexTexts(files)
  if (run === runs) printIndex([table], words, start)
}
