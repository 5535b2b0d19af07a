// pthreads cc: an installed clang, with the flags, headers and shim that make C with POSIX threads a program for `pthreads run`.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Options of `pthreads cc`. */
export interface CcOptions {
  o?: string
  sysroot?: string
  clang?: string
  maxMemory?: number
  stack?: number
  library?: boolean
  export?: string[]
  verbose?: boolean
}

const OLDEST = 16
const c = fileURLToPath(new URL('../../c', import.meta.url))

const EXPORTS = [
  '__stack_pointer', '__tls_base', '__tls_size', '__tls_align', '__wasm_init_tls', '__pthreads_enter', '__pthreads_leave', '__pthreads_blocks', '__pthreads_unwound',
  '__pthreads_specific', '__pthreads_due', '__pthreads_take', '__pthreads_destructor',
]
const COMPILE = ['--target=wasm32-wasi', '-matomics', '-mbulk-memory', '-mmutable-globals', '-pthread', '-ftls-model=local-exec']
const INSTALL = 'on Debian and Ubuntu: apt-get install clang-19 lld-19 llvm-19 libclang-rt-19-dev-wasm32 wasi-libc; elsewhere: a wasi-sdk, named by WASI_SDK_PATH'

/** Compiles; sets the exit code. */
export function compile(words: string[], options: CcOptions): void {
  const clang = options.clang ?? findClang()
  if (clang === undefined) return fail(`no clang ${OLDEST} or newer is installed (${INSTALL})`)
  const version = versionOf(clang)
  if (version === undefined) return fail(`${clang} cannot be run (${INSTALL})`)
  if (version < OLDEST) return fail(`${clang} is version ${version}; ${OLDEST} or newer is needed (${INSTALL})`)
  const sysroot = options.sysroot ?? (sdk() === '' ? undefined : join(sdk(), 'share/wasi-sysroot'))
  const libc = sysroot === undefined ? '/usr/lib/wasm32-wasi/libc.a' : join(sysroot, 'lib/wasm32-wasi/libc.a')
  if (!existsSync(libc)) return fail(`there is no wasi-libc: ${libc} (${INSTALL})`)
  const links = !words.some(word => /^-(c|S|E|M|MM|fsyntax-only)$/.test(word))
  const out = options.o ?? (links ? 'a.wasm' : undefined)
  const target = [...COMPILE, ...sysroot === undefined ? [] : [`--sysroot=${sysroot}`]]
  const ours = ['-isystem', join(c, 'include')], to = out === undefined ? [] : ['-o', out]
  const run = (flags: string[], cwd = process.cwd()): boolean => {
    if (options.verbose === true) console.error([clang, ...flags].join(' '))
    const { status, error, signal } = spawnSync(clang, flags, { cwd, stdio: 'inherit', env: { ...process.env, PATH: pathOfUser() } })
    if (error !== undefined) fail(`${clang}: ${error.message}`)
    else process.exitCode = status ?? (signal === null ? 1 : 128)
    return status === 0
  }
  const isCxx = words.some(word => CXX.test(word)), library = isCxx ? libcxx(version, sysroot) : ''
  if (library === undefined) return fail(`there is no libc++ for WebAssembly (on Debian and Ubuntu: apt-get install libc++-${version}-dev-wasm32 libc++abi-${version}-dev-wasm32; elsewhere: a wasi-sdk, named by WASI_SDK_PATH)`)
  const cxx = isCxx ? ['--driver-mode=g++', '-nostdinc++', '-isystem', library, ...ours, '-fno-exceptions'] : ours
  if (!links) {
    if (!run([...target, ...cxx, ...words, ...to])) explain(words, library)
    return
  }
  const objects = mkdtempSync(join(tmpdir(), 'pthreads-cc-'))             // the shim's: the program's options are not for it
  try {
    if (!run([...target, ...ours, '-O2', '-c', ...shim(options, isCxx ? ['src', 'cxx'] : ['src'])], objects)) return
    const made = readdirSync(objects).map(name => join(objects, name))
    if (!run([...target, ...cxx, ...words, ...linking(options), ...made, ...to])) explain(words, library)
  } finally {
    rmSync(objects, { recursive: true })
  }
}

const CXX = /\.(cc|cpp|cxx|c\+\+|C)$/
const THREADED = /^\s*#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token)>/m

// libc++'s headers.
function libcxx(version: number, sysroot: string | undefined): string | undefined {
  const places = sysroot === undefined ? [`/usr/lib/llvm-${version}/include/wasm32-wasi`, '/usr/include/wasm32-wasi'] : [join(sysroot, 'include/wasm32-wasi'), join(sysroot, 'include')]
  return places.map(place => join(place, 'c++/v1')).find(place => existsSync(join(place, '__config_site')))
}

// What the compiler's errors do not say.
function explain(words: readonly string[], library: string): void {
  if (library === '' || !/^#define _LIBCPP_HAS_(NO_THREADS\s*$|THREADS 0)/m.test(readFileSync(join(library, '__config_site'), 'utf8'))) return
  for (const word of words) {
    const [, header] = (CXX.test(word) && existsSync(word) && THREADED.exec(readFileSync(word, 'utf8'))) || []
    if (header !== undefined) console.error(`pthreads cc: ${word}: this libc++ was built without threads: what <${header}> declares is missing; pthread_*, std::atomic and thread_local are there`)
  }
}

function fail(reason: string): void {
  console.error(`pthreads cc: ${reason}`)
  process.exitCode = 2
}

function shim({ library = false }: CcOptions, folders: string[]): string[] {
  const files = folders.map(name => join(c, name)).flatMap(folder => readdirSync(folder).filter(name => name.endsWith('.c')).map(name => join(folder, name)))
  return files.filter(file => !library || !file.endsWith('start.c'))
}

// `-u`: a function that only the shim's replacement of it calls would otherwise be left out of the link.
function linking({ maxMemory = 1024, stack = 2048, library = false, export: exported = [] }: CcOptions): string[] {
  const wrapped = readFileSync(join(c, 'wrapped.txt'), 'utf8').split(/\s+/).filter(Boolean)
  const words = [
    '--shared-memory', '--import-memory', `--max-memory=${maxMemory * 2 ** 20}`, '--export-table', '--no-check-features', '--strip-debug',
    '--stack-first', '-z', `stack-size=${stack * 1024}`, ...[...EXPORTS, ...library ? ['_initialize', 'malloc', 'free'] : ['_start'], ...exported].map(name => `--export=${name}`), ...library ? ['--no-entry'] : [], ...wrapped.flatMap(name => [`--wrap=${name}`, '-u', name]),
  ]
  return ['-nostartfiles', `-Wl,${words.join(',')}`]
}

const sdk = (): string => process.env.WASI_SDK_PATH ?? ''

function findClang(): string | undefined {
  if (sdk() !== '') return join(sdk(), 'bin/clang')
  const found: { file: string, version: number }[] = []
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '' || !existsSync(folder)) continue
    for (const name of readdirSync(folder)) {
      const numbered = /^clang(?:-(\d+))?$/.exec(name)
      if (numbered !== null) found.push({ file: join(folder, name), version: Number(numbered[1] ?? 0) })
    }
  }
  found.sort((a, b) => b.version - a.version)
  const unnumbered = ({ file, version }: typeof found[0]): boolean => version === 0 && (versionOf(file) ?? 0) >= OLDEST
  return (found.find(({ version }) => version >= OLDEST) ?? found.find(unnumbered) ?? found[0])?.file
}

function versionOf(clang: string): number | undefined {
  const { stdout } = spawnSync(clang, ['--version'], { encoding: 'utf8' })
  const found = /clang version (\d+)/.exec(stdout ?? '')
  return found === null ? undefined : Number(found[1])
}

// clang lets a wasm-opt that it finds on the path go over what it has made. npm puts the one of our own dependency there, so that what
// comes out would depend on who calls.
function pathOfUser(): string {
  return (process.env.PATH ?? '').split(delimiter).filter(folder => !folder.endsWith(join('node_modules', '.bin'))).join(delimiter)
}
