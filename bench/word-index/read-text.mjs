// What the variants without the library share: the example's own functions to read a file and to index a text. The
// example's worker.ts does the same, and takes the files under a mutex.

import { LARGEST, readFile } from '../../build/examples/word-index/find-files.js'
import { createTable, indexWords, isText } from '../../build/examples/word-index/index-words.js'

/** The index of the texts at `paths`, and the number of words in them. */
export function indexTexts(paths) {
  const buffer = new Uint8Array(LARGEST), table = createTable()
  let words = 0
  for (const path of paths) {
    const length = readFile(path, buffer)
    if (isText(buffer, length)) words += indexWords(table, buffer, length)
  }
  return { table, words }
}
