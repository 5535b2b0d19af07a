// Compiles into build/bench/ the yardsticks, bench/c/*.c with gcc -O2 -pthread and the folders of bench/go/ with go build; and, with `pthreads cc`,
// the programs of bench/wasm/ and those yardsticks that are measured in WebAssembly too.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
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

/** The same for the programs in WebAssembly. */
export function compileWasm() {
  const cli = here('../dist/cli/main.js'), probe = join(programs, 'probe.wasm')
  if (!existsSync(cli)) return false
  const compile = (source, out) =>
    spawnSync(process.execPath, [cli, 'cc', '-O2', '--max-memory', '3072', ...LIBRARIES.includes(basename(source)) ? ['--library'] : [], source, '-o', out], { encoding: 'utf8' })
  mkdirSync(programs, { recursive: true })
  if (compile(here('wasm/switch.c'), probe).status === 2) {
    console.error('there is no clang with wasi-libc, the WebAssembly columns are n/a (`pthreads cc` says what to install)')
    return false
  }
  rmSync(probe, { force: true })
  const sources = [...readdirSync(here('wasm/')).filter(name => name.endsWith('.c')).map(name => `wasm/${name}`), ...ALSO_IN_WASM.map(name => `c/${name}.c`)]
  return sources.every((source) => {
    const { status, stderr } = compile(here(source), join(programs, `wasm-${basename(source, '.c')}.wasm`))
    if (status !== 0) console.error(`pthreads cc cannot compile bench/${source}, the WebAssembly columns are n/a:\n${stderr}`)
    return status === 0
  })
}

const LIBRARIES = ['callee.c']
const ALSO_IN_WASM = ['create-join', 'mutex-uncontended']

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
