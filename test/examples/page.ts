// The programs of a page, as its reader would run them: in a project of its own, compiled with the options that README.md
// names, each in a process of its own.
//
// A `ts` or `js` block begins with a comment that is its file name. A file that no other block names is a program. A `text`
// block after it is what it prints, line by line; … stands for anything. A program that exports `main` is given
// to `pthreads run`.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('.', import.meta.resolve('pthreads/package.json')))
export const cli = join(root, 'dist/cli/main.js')

interface File { readonly name: string, readonly text: string, readonly prints: string | undefined }
interface Block { readonly language: string, readonly text: string }
interface Ended { code: unknown, stdout: string, stderr: string }

/** A page, and the project of who reads it. */
export interface Page {
  readonly programs: readonly File[]
  /** Runs node there. */
  readonly node: (...args: string[]) => Promise<Ended>
}

/**
 * Declares the tests of the page at `path` below the root of the repository: its programs compile, and print what it says. `others`: files that
 * the reader has, too, by name, and where they are.
 */
export function testPage(path: string, others: Readonly<Record<string, string>> = {}): Page {
  const blocks = blocksOf(path)
  const files = filesOf(path, blocks)
  const programs = files.filter(({ name }) => !files.some(({ text }) => text.includes(`/${outputOf(name)}`)))
  const project = mkdtempSync(join(tmpdir(), 'pthreads-page-'))
  after(() => { rmSync(project, { recursive: true, force: true }) })
  const node = (...args: string[]): Promise<Ended> => nodeIn(project, args)

  test(`the programs of ${path} compile with the options that README.md names`, async () => {
    const options = blocksOf('README.md').find(({ language }) => language === 'json')
    assert.ok(options !== undefined, 'README.md has no json block')
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(project, name)), { recursive: true })
      writeFileSync(join(project, name), text)
    }
    write('tsconfig.json', options.text)
    write('package.json', '{ "type": "module" }')
    mkdirSync(join(project, 'node_modules'))
    symlinkSync(root, join(project, 'node_modules/pthreads'), 'junction')
    symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'), 'junction')
    for (const { name, text } of files) write(name, text)
    for (const [name, from] of Object.entries(others)) copyFileSync(from, join(project, name))
    const { code, stdout } = await node(join(root, 'node_modules/typescript/bin/tsc'))
    assert.equal(code, 0, stdout)
  })
  for (const program of programs) testProgram(path, program, node)
  return { programs, node }
}

function testProgram(path: string, { name, text, prints }: File, node: Page['node']): void {
  test(`${name} of ${path} ${prints === undefined ? 'succeeds' : 'prints what the page says'}`, async () => {
    const story = /^export const threads\b/m.test(text)                   // for pthreads check, which finds what is wrong with it
    const command = /^export (async )?function(\*| )\s*main\b/m.test(text) ? [cli, 'run'] : story ? [cli, 'check'] : []
    const { code, stdout, stderr } = await node(...command, outputOf(name))
    if (story) {
      assertPrints(stdout.split('\n').slice(0, prints!.split('\n').length - 1).join('\n') + '\n', prints!)
      assert.equal(code, 1)
      return
    }
    assert.equal(stderr, '')
    if (prints !== undefined) assertPrints(stdout, prints)
    assert.equal(code, 0)
  })
}

function blocksOf(path: string): Block[] {
  return [...readFileSync(join(root, path), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({ language, text }))
}

function filesOf(path: string, blocks: readonly Block[]): File[] {
  const files: File[] = []
  for (const [index, { language, text }] of blocks.entries()) {
    if (language !== 'ts' && language !== 'js') continue
    const name = /^\/\/ ([\w/-]+\.[tj]s)\n/.exec(text)?.[1]
    assert.ok(name !== undefined && name.endsWith(language), `${path}: a ${language} block begins with ${JSON.stringify(text.split('\n')[0])}, not with its file name`)
    const next = blocks[index + 1]
    files.push({ name, text, prints: next?.language === 'text' ? next.text : undefined })
  }
  return files
}

function outputOf(name: string): string {
  return name.replace(/\.ts$/, '.js')
}

async function nodeIn(folder: string, args: string[]): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, env, timeout: 60_000, killSignal: 'SIGKILL' })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, signal, stdout, stderr } = error as Ended & { signal: unknown }
    return { code: code ?? signal, stdout, stderr }
  }
}

function assertPrints(actual: string, expected: string): void {
  const pattern = expected.split('…').map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('[^\\n]+')
  if (!new RegExp(`^${pattern}$`).test(actual)) assert.equal(actual, expected)
}
