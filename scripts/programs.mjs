// npm run programs: compiles the C programs of the examples and tests to WebAssembly. What it writes is committed, so that the
// tests need no clang; where there is one they compile everything again and compare what it does.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { main, ready } from './bootstrap.mjs'
import { root } from './files.mjs'

const SOURCES = ['examples/c', 'test/wasm/c', 'test/napi/c']
const BARE = ['--target=wasm32', '-O2', '-matomics', '-mbulk-memory', '-nostdlib',
  '-Wl,--shared-memory,--import-memory,--max-memory=16777216,--strip-debug']
// What has no C library, and what it needs besides.
const BARELY = { 'wasi-threads.c': [], 'wasi-migrating.c': [], 'addon.c': ['-Wl,--no-entry,--export-table'] }
const LIBRARIES = ['library.c', 'letters.c']
// Without npm's folders: clang uses a wasm-opt that it finds, see src/cli/cc.ts.
const PATH = process.env.PATH.split(delimiter).filter(folder => !folder.endsWith(join('node_modules', '.bin'))).join(delimiter)

await main(async () => {
  await ready()
  for (const folder of SOURCES) {
    mkdirSync(join(root, folder, 'wasm'), { recursive: true })
    for (const name of readdirSync(join(root, folder)).filter(name => name.endsWith('.c'))) {
      const source = join(folder, name), out = join(folder, 'wasm', `${basename(name, '.c')}.wasm`)
      const { status } = name in BARELY
        ? spawnSync(process.env.CLANG ?? 'clang-19', [...BARE, ...BARELY[name], source, '-o', out], { cwd: root, stdio: 'inherit', env: { ...process.env, PATH } })
        : spawnSync(process.execPath, ['dist/cli/main.js', 'cc', '-O2', '-Wall', ...LIBRARIES.includes(name) ? ['--library'] : [], source, '-o', out], { cwd: root, stdio: 'inherit' })
      if (status !== 0) throw new Error(`${source} does not compile`)
      console.log(out)
    }
  }
  return 0
})
