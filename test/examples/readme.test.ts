// Every program of README.md, as its reader would run it: in a project of its own, compiled with the options that the page
// names, in a process of its own.
//
// A `ts` or `js` block begins with a comment that is its file name. A file that no other block names is a program. A `text`
// block after it is what it prints, line by line; … stands for anything. A program that exports `main` is given
// to `pthreads run`.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('.', import.meta.resolve('pthreads/package.json')))
const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)]
  .map(([, language, text]) => ({ language, text }))

interface File { readonly name: string, readonly text: string, readonly prints: string | undefined }

const files: File[] = []
for (const [index, { language, text }] of blocks.entries()) {
  if (language !== 'ts' && language !== 'js') continue
  const name = /^\/\/ ([\w/-]+\.[tj]s)\n/.exec(text)?.[1]
  assert.ok(name !== undefined && name.endsWith(language), `README.md: a ${language} block begins with ${JSON.stringify(text.split('\n')[0])}, not with its file name`)
  const next = blocks[index + 1]
  files.push({ name, text, prints: next?.language === 'text' ? next.text : undefined })
}
const programs = files.filter(({ name }) => !files.some(({ text }) => text.includes(`/${outputOf(name)}`)))

const project = mkdtempSync(join(tmpdir(), 'pthreads-readme-'))
after(() => { rmSync(project, { recursive: true, force: true }) })

function outputOf(name: string): string {
  return name.replace(/\.ts$/, '.js')
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(project, name)), { recursive: true })
  writeFileSync(join(project, name), text)
}

interface Ended { code: unknown, stdout: string, stderr: string }

async function node(...args: string[]): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: project, env, timeout: 60_000, killSignal: 'SIGKILL' })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, signal, stdout, stderr } = error as Ended & { signal: unknown }
    return { code: code ?? signal, stdout, stderr }
  }
}

test('the programs of README.md compile with the options that it names', async () => {
  const options = blocks.find(({ language }) => language === 'json')
  assert.ok(options !== undefined, 'README.md has no json block')
  write('tsconfig.json', options.text)
  write('package.json', '{ "type": "module" }')
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(root, join(project, 'node_modules/pthreads'), 'junction')
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'), 'junction')
  for (const { name, text } of files) write(name, text)
  const { code, stdout } = await node(join(root, 'node_modules/typescript/bin/tsc'))
  assert.equal(code, 0, stdout)
})

for (const { name, text, prints } of programs) {
  test(`${name} of README.md ${prints === undefined ? 'succeeds' : 'prints what the page says'}`, async () => {
    const story = /^export const threads\b/m.test(text)                   // for pthreads check, which finds what is wrong with it
    const command = /^export (async )?function(\*| )\s*main\b/m.test(text) ? [join(root, 'dist/cli/main.js'), 'run'] : story ? [join(root, 'dist/cli/main.js'), 'check'] : []
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

function assertPrints(actual: string, expected: string): void {
  const pattern = expected.split('…').map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('[^\\n]+')
  if (!new RegExp(`^${pattern}$`).test(actual)) assert.equal(actual, expected)
}

test('hello.ts of README.md runs as TypeScript, with the arguments that follow --', async () => {
  const { code, stdout, stderr } = await node(join(root, 'dist/cli/main.js'), 'run', 'hello.ts', '--', 'Ada', 'Grace')
  assert.deepEqual({ code, stdout, stderr: stderr.replace(/^.*ExperimentalWarning.*\n.*\n/m, '') }, { code: 0, stdout: 'hello Ada\nhello Grace\n', stderr: '' })
})

test('every program of README.md says what it prints', () => {
  assert.deepEqual(programs.filter(({ prints }) => prints === undefined).map(({ name }) => name), [])
  assert.ok(programs.length > 10)
})
