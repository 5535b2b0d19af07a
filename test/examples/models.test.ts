// One program, three models: the examples whose threads are generators print the same under each of them.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { root, runWith } from './run.ts'

const MODELS: readonly (readonly string[])[] = [
  ['--model', 'm:1'],
  ...['rr', 'fifo', 'fair'].map(scheduler => ['--model', 'm:n', '--carriers', '2', '--scheduler', scheduler]),
]

/** What a run printed, without what differs from run to run. */
async function outcome(options: readonly string[], example: string, args: readonly string[], result: (stdout: string) => unknown): Promise<unknown> {
  const { code, stdout, stderr } = await runWith(options, example, ...args)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  return result(stdout)
}

function agrees(example: string, args: readonly string[], result: (stdout: string) => unknown = stdout => stdout): void {
  test(`${example} comes to the same result under 1:1, m:1, and m:n with rr, fifo and fair`, async () => {
    const system = await outcome(['--model', '1:1'], example, args, result)
    for (const options of MODELS) assert.deepEqual(await outcome(options, example, args, result), system, options.join(' '))
  })
}

agrees('philosophers', ['4', '200'])
agrees('bounded-buffer', ['2000', '3', '2'])
agrees('parallel-sort', ['20000', '3'], stdout => stdout.replace(/ \d+ ms/, ' … ms'))
agrees('pipeline', ['500'], stdout => stdout.replace(/took \d+ ms and slept \d+ times/, 'took …'))
agrees('bank', ['2', '3', '100'], stdout => stdout.replace(/^.*had enough.*$/m, ''))
agrees('word-index', ['--json', '--threads', '2', join(root, 'examples')], (stdout) => {
  const { files, words, distinct, top, runs } = JSON.parse(stdout) as Record<string, unknown> & { runs: { checksum: string }[] }
  return { files, words, distinct, top, checksums: runs.map(({ checksum }) => checksum) }
})
