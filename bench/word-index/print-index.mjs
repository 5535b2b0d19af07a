// The line that every variant of the word index prints; the harness compares the checksums.

import { checksum, distinctWords } from '../../build/examples/word-index/merge.js'

/** `start` is when the program began to index: after it had found the files. */
export function printIndex(index, words, start) {
  const seconds = (performance.now() - start) / 1e3
  console.log(JSON.stringify({ seconds, words, distinct: distinctWords(index), checksum: checksum(index) }))
}
