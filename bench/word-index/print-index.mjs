// What all variants of the word index share: their arguments, and the line that they print; the harness compares the
// checksums.

import { checksum, distinctWords } from '../../build/examples/word-index/merge.js'

/** `--again` runs the job twice in the process, and only the second is printed: threads and compiled code are there then. */
export function parse() {
  const args = process.argv.slice(2), again = args[0] === '--again'
  return { runs: again ? 2 : 1, rest: again ? args.slice(1) : args }
}

/** `start` is when the program began to index: after it had found the files. */
export function printIndex(index, words, start) {
  const seconds = (performance.now() - start) / 1e3
  console.log(JSON.stringify({ seconds, words, distinct: distinctWords(index), checksum: checksum(index) }))
}
