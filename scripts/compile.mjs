// Compiles one part of the package and remembers of what it was made.
//
// A part's stamp, build/<part>.json, holds a hash of everything that went in and one of what came out. It is
// removed before the compiler runs and written after it succeeded, so a build that fails or is killed leaves
// none, and a file that was deleted from the output, or edited, is seen. The compiler's own memory
// (build/<part>.tsbuildinfo) makes the next build faster; it is forgotten when the output is not what it was.

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bundle, CHUNKS } from './bundle.mjs'
import { contents, root, sizes, text, walk } from './files.mjs'

/** The parts, in the order in which they need each other. */
export const parts = {
  dist: { project: 'tsconfig.json', from: 'src', to: 'dist', needs: [] },
  examples: { project: 'tsconfig.examples.json', from: 'examples', to: 'build/examples', needs: ['dist'] },
  tests: { project: 'tsconfig.test.json', from: 'test', to: 'build/test', needs: ['examples'] },
}

const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json']

/** True when the part's output is what its sources, as they are now, would give. */
export function current(part) {
  const stamp = read(part)
  return stamp !== undefined && stamp.inputs === inputs(part) && stamp.outputs === outputs(part)
}

/** Compiles the part; throws when there are errors, which the compiler has then printed. */
export async function compile(part) {
  const { project, from, to } = parts[part]
  const before = inputs(part)
  const memory = join(root, `build/${part}.tsbuildinfo`)
  if (read(part)?.outputs !== outputs(part)) rmSync(memory, { force: true })
  rmSync(stampOf(part), { force: true })
  console.error(`compiling ${from}/ to ${to}/ …`)
  if (walk(join(root, from)).some(isCompiled)) typescript(project, memory)
  if (part === 'dist') await bundle()
  copyOthers(from, to)
  prune(from, to)
  if (existsSync(join(root, 'dist/cli/main.js'))) chmodSync(join(root, 'dist/cli/main.js'), 0o755)
  mkdirSync(join(root, 'build'), { recursive: true })
  writeFileSync(stampOf(part), JSON.stringify({ inputs: before, outputs: outputs(part) }))
}

/** Removes everything that was built. */
export function clean() {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  for (const path of readdirSync(join(root, 'build'))) {
    if (!path.startsWith('lock')) rmSync(join(root, 'build', path), { recursive: true, force: true })
  }
}

function typescript(project, memory) {
  const { status } = spawnSync(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'), '--project', join(root, project),
    '--noEmitOnError', '--incremental', '--tsBuildInfoFile', memory, '--pretty', String(Boolean(process.stderr.isTTY)),
  ], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`${project}: the compiler found errors, see above`)
}

const stampOf = part => join(root, `build/${part}.json`)

function read(part) {
  const stamp = text(stampOf(part))
  return stamp === undefined ? undefined : JSON.parse(stamp)
}

function inputs(part) {
  const { project, from, needs } = parts[part]
  const files = [...new Set([...SETTINGS, project]), ...walk(join(root, from)).map(path => `${from}/${path}`)]
  return [contents(root, files), ...needs.map(inputs)].join(' ')
}

function outputs(part) {
  const folder = join(root, parts[part].to)
  return sizes(folder, walk(folder))
}

// TypeScript, except what programs under test must find as TypeScript.
function isCompiled(path) {
  return /(?<!\.d)\.ts$/.test(path) && !path.startsWith('fixtures-ts/')
}

function copyOthers(from, to) {
  for (const path of walk(join(root, from))) {
    if (isCompiled(path)) continue
    mkdirSync(dirname(join(root, to, path)), { recursive: true })
    copyFileSync(join(root, from, path), join(root, to, path))
  }
}

// What came from a source that is gone would still be imported, packed, or run as a test.
function prune(from, to) {
  const sources = new Set(walk(join(root, from)))
  for (const path of walk(join(root, to))) {
    if (path.startsWith(CHUNKS)) continue
    const source = path.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')
    if (sources.has(path) || isCompiled(source) && sources.has(source)) continue
    rmSync(join(root, to, path))
    for (let folder = dirname(path); folder !== '.' && readdirSync(join(root, to, folder)).length === 0; folder = dirname(folder)) {
      rmdirSync(join(root, to, folder))
    }
  }
}
