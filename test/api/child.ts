// Programs that need a process of their own: limits are set once, and exit codes come at the end.

import { spawnSync } from 'node:child_process'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.resolve('pthreads/package.json')))

/** How a program ended. */
export interface Ended { readonly code: number | null, readonly signal: string | null, readonly out: string, readonly err: string }

/** Runs the module `source` in a process of its own. */
export function run(source: string, options: readonly string[] = []): Ended {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...options, '--input-type=module', '-e', source], { cwd: root, env, encoding: 'utf8', timeout: 60_000 })
  return { code: status, signal, out: stdout, err: stderr }
}

/** Runs the module `source`, which must succeed and say nothing on stderr; returns what it printed. */
export function succeeds(source: string, options: readonly string[] = []): string {
  const { code, signal, out, err } = run(source, options)
  assert.deepEqual({ code, signal, err }, { code: 0, signal: null, err: '' }, out)
  return out
}
