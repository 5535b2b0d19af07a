// node build/test/wasm/published.js FOLDER: zstd, from the source package of Debian that lies unpacked in FOLDER, as it is: compiled by
// `pthreads cc` and by gcc, it compresses its own source with two threads, to the same bytes under each model.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { command } from '../program.ts'
import { noClang, noGcc } from './programs.ts'

const MODELS = [['1:1'], ['m:1'], ['m:n', '--carriers', '1'], ['m:n', '--carriers', '2'], ['m:n', '--carriers', '3']]
const OPTIONS = ['-O2', '-D__unix__', '-DZSTD_MULTITHREAD', '-DZSTD_DISABLE_ASM=1', '-DXXH_NAMESPACE=ZSTD_', '-DZSTD_LEGACY_SUPPORT=0', '-DZSTD_NOBENCH',
  '-DZSTD_NODICT', '-DZSTD_NOTRACE']
const PROGRAM = ['zstdcli', 'util', 'timefn', 'fileio', 'fileio_asyncio'].map(name => `programs/${name}.c`)

/** Compiles and runs the zstd in `source`; throws where it does something else than its native build. */
export function checkZstd(source: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'pthreads-zstd-'))
  const env = { ...process.env, XDG_CACHE_HOME: folder }
  const run = (file: string, args: readonly string[], input?: Buffer): Buffer => {
    const { status, stdout, stderr } = spawnSync(file, args, { cwd: source, input, maxBuffer: 2 ** 26, timeout: 240_000, env })
    assert.equal(status, 0, `${file} ${args.slice(0, 6).join(' ')}: exit code ${status}\n${stderr?.toString() ?? ''}`)
    return stdout
  }
  try {
    const library = ['common', 'compress', 'decompress'].flatMap(part => filesOf(source, `lib/${part}`))
    const words = [...OPTIONS, '-Ilib', '-Ilib/common', '-Iprograms', ...library, ...PROGRAM]
    const native = join(folder, 'zstd'), ours = join(folder, 'zstd.wasm')
    run('gcc', [...words, '-pthread', '-o', native])
    run(process.execPath, [command, 'cc', ...words, '-o', ours])
    const text = Buffer.concat(library.map(name => readFileSync(join(source, name))))
    const input = Buffer.concat([text, text, text])
    const wanted = run(native, ['-q', '-1', '-T2', '-c'], input)
    for (const model of MODELS) {
      const zstd = [command, 'run', '--model', ...model, ours, '--', '-q', '-c']
      assert.ok(run(process.execPath, [...zstd, '-1', '-T2'], input).equals(wanted), `${model.join(' ')}: other bytes than the native build's`)
      assert.ok(run(process.execPath, [...zstd, '-d'], wanted).equals(input), `${model.join(' ')}: decompressed to something else`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function filesOf(source: string, folder: string): string[] {
  return readdirSync(join(source, folder)).filter(name => name.endsWith('.c')).map(name => `${folder}/${name}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? ''
  const name = existsSync(folder) ? readdirSync(folder).find(name => /^zstd-[\d.]+$/.test(name)) : undefined
  const why = noClang !== false ? noClang : noGcc !== false ? noGcc : name === undefined ? `${folder}: no source of zstd is there` : undefined
  if (why !== undefined || name === undefined) {
    console.log(`skipped: ${why}`)
  } else {
    checkZstd(join(folder, name))
    console.log(`${name}: the same bytes as its native build's under ${MODELS.length} models`)
  }
}
