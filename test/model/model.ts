// Models: stories that every interleaving of the real source must keep; and their twins, the same stories on a source
// with a bug put in on purpose, which the lab must find.  A checker that cannot fail proves nothing.
//
// A twin is a copy of the compiled package with a piece of one source file replaced.  The piece must be there
// exactly once: a twin of code that has changed fails, it cannot rot unnoticed.

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { check, formatResult, type CheckOptions, type CheckResult } from '#internal/lab/index.js'
import { root } from '../program.ts'

interface Amaro { transformSync(source: string, options: { mode: 'strip-only' }): { code: string } }
const { transformSync } = createRequire(import.meta.url)('amaro') as Amaro

const stories = dirname(fileURLToPath(new URL('./stories/x', import.meta.url)))
const fileOf = (story: string): string => `${story.split('.', 1)[0]}.js`
const nameOf = (story: string): string => story.slice(story.indexOf('.') + 1)

// SCHEDULE=a4.1 npm test -- test/model/x: replays what a failing test has printed.
const seed = process.env.SCHEDULE

/** Asserts that no schedule of the story (`file.export`) fails. `coverage`: what must have been explored. */
export function model(name: string, story: string, options: CheckOptions & { coverage?: CheckResult['coverage'] } = {}): void {
  const { coverage, ...rest } = options
  test(name, async () => {
    const result = await check(pathToFileURL(join(stories, fileOf(story))), { ...rest, ...seed !== undefined && { seed }, story: nameOf(story) })
    assert.ok(result.ok, `\n${formatResult(result, 'SCHEDULE=%s npm test -- test/model')}`)
    if (coverage !== undefined && seed === undefined) assert.equal(result.coverage, coverage, formatResult(result))
  })
}

let twins = 0

/** A change of the source: in `file`, `from` becomes `to`. */
export interface Bug { readonly file: string, readonly from: string, readonly to: string }

/** Asserts that the story fails with `verdict` when the bug is in, and that the failing schedule replays exactly. */
export function twin(name: string, story: string, bug: Bug, verdict: RegExp, options: CheckOptions = {}): void {
  test(`twin: ${name}`, () => withBug(story, bug, async folder => {
    const lab = await import(pathToFileURL(join(folder, 'dist/lab/index.js')).href) as { check: typeof check, formatResult: typeof formatResult }
    const result = await lab.check(pathToFileURL(join(folder, 'build/test/model/stories', fileOf(story))), { ...options, story: nameOf(story) })
    assert.ok(!result.ok, `the bug was not found: ${formatResult(result)}`)
    assert.match(`${result.finding!.verdict}: ${result.finding!.summary}`, verdict, formatResult(result))
    assert.ok(result.replayed, `the replay differs: ${formatResult(result)}`)
    assert.ok(result.trace!.length > 0)
  }))
}

/** Calls `f` with the folder of a copy of the package, and of the stories, that has the bug. */
export async function withBug(story: string, bug: Bug, f: (folder: string) => Promise<void>): Promise<void> {
  const folder = join(root, 'build', 'twins', `${basename(story).replace(/\W/g, '-')}-${process.pid}-${++twins}`)
  try {
    copy(folder)
    put(bug, folder)
    await f(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function copy(folder: string): void {
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  cpSync(join(root, 'build/modules'), join(folder, 'dist'), { recursive: true, filter: path => !path.endsWith('.map') })
  cpSync(stories, join(folder, 'build/test/model/stories'), { recursive: true })
}

function put({ file, from, to }: Bug, folder: string): void {
  const source = readFileSync(join(root, 'src', file), 'utf8')
  const parts = source.split(from)
  assert.equal(parts.length, 2, `src/${file} has the piece that the twin replaces ${parts.length - 1} times, not once: ${from}`)
  const { code } = transformSync(parts.join(to), { mode: 'strip-only' })
  writeFileSync(join(folder, 'dist', file.replace(/\.ts$/, '.js')), code.replaceAll(/(from '\.{1,2}\/[^']*)\.ts'/g, `$1.js'`))
}
