// The tasks of word-index/piscina.mjs.

import { mergeShare } from '../../build/examples/word-index/merge.js'

export { indexTexts } from './read-text.mjs'

export function merge({ tables, share, shares }) {
  mergeShare(tables, share, shares)
}
