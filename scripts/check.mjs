// npm run check [-- --fix]: types, lint with layout and layers, the tables in DESIGN.md, the C header. All are tried, then the verdict.
//
// The builds are the type check: a part whose stamp is current has been compiled, as it is now, without an error.

import { join } from 'node:path'
import { main, ready } from './bootstrap.mjs'
import { run } from './child.mjs'
import { root } from './files.mjs'

const FOLDERS = ['src', 'test', 'examples', 'scripts', 'bench', 'eslint.config.js']

await main(async () => {
  const fix = process.argv.includes('--fix')
  const failed = []
  const step = async (name, work) => {
    const reason = await work().then(code => code === 0 ? undefined : `exit code ${code}`, error => error.message)
    if (reason !== undefined) failed.push(`${name}: ${reason}`)
  }
  await step('types', () => ready({ tests: true }).then(() => 0))
  await step('lint', () => node('node_modules/eslint/bin/eslint.js', [
    '--max-warnings=0', '--no-error-on-unmatched-pattern',
    '--cache', '--cache-strategy=content', '--cache-location=build/eslint.json',
    ...fix ? ['--fix'] : [], ...FOLDERS,
  ]))
  await step('docs', () => node('scripts/docs.mjs', [fix ? '--tables' : '--check']))
  await step('header', () => node('scripts/header.mjs', fix ? [] : ['--check']))
  await step('interfaces', () => node('scripts/interfaces.mjs', fix ? [] : ['--check']))
  for (const line of failed) console.error(`failed: ${line}`)
  if (failed.length === 0) console.log('types, lint and docs: nothing to report')
  return failed.length === 0 ? 0 : 1
})

function node(script, args) {
  return run(process.execPath, [join(root, script), ...args], { cwd: root })
}
