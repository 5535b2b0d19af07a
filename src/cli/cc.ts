// pthreads cc: an installed clang, with the flags, headers and shim that make C with POSIX threads a program for `pthreads run`.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Options of `pthreads cc`. */
export interface CcOptions {
  o?: string
  sysroot?: string
  clang?: string
  maxMemory?: number
  stack?: number
  verbose?: boolean
}

const OLDEST = 16
const c = fileURLToPath(new URL('../../c', import.meta.url))

const EXPORTS = ['__stack_pointer', '__tls_base', '__tls_size', '__wasm_init_tls', '__pthreads_enter', '__pthreads_leave', '__pthreads_blocks', '_start']
const COMPILE = ['--target=wasm32-wasi', '-matomics', '-mbulk-memory', '-mmutable-globals', '-pthread', '-ftls-model=local-exec', '-D_GNU_SOURCE']
const INSTALL = 'on Debian and Ubuntu: apt-get install clang-19 lld-19 llvm-19 libclang-rt-19-dev-wasm32 wasi-libc; elsewhere: a wasi-sdk, named by WASI_SDK_PATH'

/** Compiles; sets the exit code. */
export function compile(words: string[], options: CcOptions): void {
  const clang = options.clang ?? findClang()
  if (clang === undefined) return fail(`no clang ${OLDEST} or newer is installed (${INSTALL})`)
  const version = versionOf(clang)
  if (version === undefined) return fail(`${clang} cannot be run (${INSTALL})`)
  if (version < OLDEST) return fail(`${clang} is version ${version}; ${OLDEST} or newer is needed (${INSTALL})`)
  const sysroot = options.sysroot ?? (process.env.WASI_SDK_PATH === undefined ? undefined : join(process.env.WASI_SDK_PATH, 'share/wasi-sysroot'))
  const libc = sysroot === undefined ? '/usr/lib/wasm32-wasi/libc.a' : join(sysroot, 'lib/wasm32-wasi/libc.a')
  if (!existsSync(libc)) return fail(`there is no wasi-libc: ${libc} (${INSTALL})`)
  const links = !words.some(word => /^-(c|S|E|M|MM|fsyntax-only)$/.test(word))
  const out = options.o ?? (links ? 'a.wasm' : undefined)
  const flags = [
    ...COMPILE, ...sysroot === undefined ? [] : [`--sysroot=${sysroot}`], '-isystem', join(c, 'include'), ...words,
    ...links ? [...linking(options), ...shim()] : [], ...out === undefined ? [] : ['-o', out],
  ]
  if (options.verbose === true) console.error([clang, ...flags].join(' '))
  const { status, error, signal } = spawnSync(clang, flags, { stdio: 'inherit', env: { ...process.env, PATH: pathOfUser() } })
  if (error !== undefined) return fail(`${clang}: ${error.message}`)
  process.exitCode = status ?? (signal === null ? 1 : 128)
}

function fail(reason: string): void {
  console.error(`pthreads cc: ${reason}`)
  process.exitCode = 2
}

function shim(): string[] {
  const folder = join(c, 'src')
  return ['-x', 'c', ...readdirSync(folder).filter(name => name.endsWith('.c')).map(name => join(folder, name))]
}

// `-u`: a function that only the shim's replacement of it calls would otherwise be left out of the link.
function linking({ maxMemory = 1024, stack = 2048 }: CcOptions): string[] {
  const wrapped = readFileSync(join(c, 'wrapped.txt'), 'utf8').split(/\s+/).filter(Boolean)
  const words = [
    '--shared-memory', '--import-memory', `--max-memory=${maxMemory * 2 ** 20}`, '--export-table', '--no-check-features', '--strip-debug',
    '--stack-first', '-z', `stack-size=${stack * 1024}`, ...EXPORTS.map(name => `--export=${name}`), ...wrapped.flatMap(name => [`--wrap=${name}`, '-u', name]),
  ]
  return ['-nostartfiles', `-Wl,${words.join(',')}`]
}

function findClang(): string | undefined {
  if (process.env.WASI_SDK_PATH !== undefined) return join(process.env.WASI_SDK_PATH, 'bin/clang')
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
