// Writes the texts that the word index is measured on: the same bytes on every machine, so that figures can be
// compared. Some hundred files of very different sizes; words drawn from 60 000 by Zipf's law, as in real texts, and
// here and there one that occurs nowhere else. Written once, into build/bench/.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = 1, VOCABULARY = 60_000, SEED = 0x2545f491

/** The folder of a corpus of about `megabytes` MB. */
export function corpus(megabytes) {
  const folder = fileURLToPath(new URL(`../build/bench/corpus-${VERSION}-${megabytes}mb`, import.meta.url))
  if (!existsSync(folder)) {
    console.error(`writing ${megabytes} MB of text into build/bench/`)
    const unfinished = `${folder}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    write(unfinished, megabytes * 2 ** 20)
    renameSync(unfinished, folder)
  }
  return folder
}

function write(folder, total) {
  mkdirSync(folder, { recursive: true })
  const random = xorshift(SEED)
  const words = Array.from({ length: VOCABULARY }, () => Buffer.from(word(random)))
  const text = Buffer.alloc(8 * 2 ** 20)
  let written = 0
  for (let file = 0; written < total; file++) {
    const size = Math.min(total - written, Math.floor(2 ** (12 + 10 * random())))      // 4 KB to 4 MB
    fill(text, size, words, random)
    writeFileSync(join(folder, `text-${String(file).padStart(5, '0')}.txt`), text.subarray(0, size))
    written += size
  }
}

function fill(text, size, words, random) {
  let at = 0, column = 0
  while (at < size) {
    const chance = random()
    const next = chance < 0.001 ? Buffer.from(word(random) + Math.floor(random() * 1e6)) : words[rank(random())]
    if (at + next.length >= size) break
    next.copy(text, at)
    at += next.length
    column += next.length + 1
    text[at++] = column > 90 ? 10 : 32
    if (column > 90) column = 0
  }
  text.fill(10, at, size)
}

/** The rank of a word by Zipf's law: its logarithm is uniform. */
function rank(chance) {
  return Math.min(VOCABULARY - 1, Math.floor(VOCABULARY ** chance) - 1)
}

function word(random) {
  const any = letters => letters[Math.floor(random() * letters.length)]
  const syllables = 1 + Math.floor(random() * 4)
  let text = ''
  for (let i = 0; i < syllables; i++) text += any('bcdfghjklmnprstvwz') + any('aeiou') + any(['l', 'm', 'n', 'r', 's', 't', ''])
  return text
}

function xorshift(seed) {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}
