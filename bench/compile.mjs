// Compiles the yardsticks into build/bench/: bench/c/*.c with gcc -O2 -pthread, the folders of bench/go/ with go build.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path => fileURLToPath(new URL(path, import.meta.url))
export const programs = here('../build/bench/')

/** True if the C contestants can run; says on stderr what is missing if not. */
export function compileC() {
  if (absent('gcc', '--version', 'the C columns are n/a', 'gcc libc6-dev')) return false
  return readdirSync(here('c/')).filter(name => name.endsWith('.c')).every(file =>
    compiles('gcc', ['-O2', '-pthread', '-o', join(programs, basename(file, '.c')), here(`c/${file}`)], `bench/c/${file}`))
}

/** The same for the Go contestants. */
export function compileGo() {
  if (absent('go', 'version', 'the Go columns are n/a', 'golang-go')) return false
  return readdirSync(here('go/')).every(folder =>
    compiles('go', ['build', '-o', join(programs, `go-${folder}`), here(`go/${folder}/main.go`)], `bench/go/${folder}`))
}

function absent(compiler, version, consequence, packages) {
  if (spawnSync(compiler, [version]).status === 0) return false
  console.error(`${compiler} is missing, ${consequence} (Debian, Ubuntu: apt-get install ${packages})`)
  return true
}

function compiles(compiler, args, what) {
  mkdirSync(programs, { recursive: true })
  const { status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' })
  if (status !== 0) console.error(`${compiler} cannot compile ${what}, its columns are n/a:\n${stderr}`)
  return status === 0
}
