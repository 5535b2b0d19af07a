// Compiles bench/c/*.c into build/bench/, with gcc -O2 -pthread.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sources = fileURLToPath(new URL('./c/', import.meta.url))
export const programs = fileURLToPath(new URL('../build/bench/', import.meta.url))

/** True if the C contestants can run; says on stderr what is missing if not. */
export function compileC() {
  if (spawnSync('gcc', ['--version']).status !== 0) {
    console.error('gcc is missing, the C columns are n/a (Debian, Ubuntu: apt-get install gcc libc6-dev)')
    return false
  }
  mkdirSync(programs, { recursive: true })
  for (const file of readdirSync(sources).filter(name => name.endsWith('.c'))) {
    const program = join(programs, basename(file, '.c'))
    const args = ['-O2', '-pthread', '-o', program, join(sources, file)]
    const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' })
    if (status !== 0) {
      console.error(`gcc cannot compile bench/c/${file}, the C columns are n/a:\n${stderr}`)
      return false
    }
  }
  return true
}
