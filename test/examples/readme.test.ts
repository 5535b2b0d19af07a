// Every program of README.md, as its reader would run it: page.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, testPage } from './page.ts'

const { programs, node } = testPage('README.md')

test('hello.ts of README.md runs as TypeScript, with the arguments that follow --', async () => {
  const { code, stdout, stderr } = await node(cli, 'run', 'hello.ts', '--', 'Ada', 'Grace')
  assert.deepEqual({ code, stdout, stderr: stderr.replace(/^.*ExperimentalWarning.*\n.*\n/m, '') }, { code: 0, stdout: 'hello Ada\nhello Grace\n', stderr: '' })
})

test('every program of README.md says what it prints', () => {
  assert.deepEqual(programs.filter(({ prints }) => prints === undefined).map(({ name }) => name), [])
  assert.ok(programs.length > 10)
})
