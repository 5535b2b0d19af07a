// The end of npm start: two examples, each under the three models. One nearly only waits, the other nearly only computes.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './files.mjs'

const MODELS = ['1:1', 'm:1', 'm:n']
const PROGRAMS = [
  { example: 'pipeline', args: ['2000'], title: 'pipeline: threads that nearly only wait, primes below 2000', last: /^primes below .*$/m },
  { example: 'parallel-sort', args: ['1000000', '2'], title: 'parallel-sort: threads that only compute, 1,000,000 numbers', last: /^the middle one .*$/m },
]

/** Runs them, and prints what they took. Throws if a program fails, or if two models come to different results. */
export function showModels() {
  console.log('\nthe same program under three models')
  for (const { example, args, title, last } of PROGRAMS) {
    const runs = MODELS.map(model => run(model, example, args, last))
    console.log(`\n${title}`)
    for (const { model, ms, sleeps } of runs)
      console.log(`  ${model}  ${(ms / 1000).toFixed(2).padStart(6)} s  ${bar(ms, runs).padEnd(30)}  ${sleeps}`.trimEnd())
    if (runs.some(({ result }) => result !== runs[0].result)) throw new Error(`${example}: the results differ: ${runs.map(({ result }) => result).join('; ')}`)
    console.log(`  same result: ${runs[0].result}`)
  }
}

function run(model, example, args, last) {
  const command = [join(root, 'dist/cli/main.js'), 'run', '--model', model, join(root, 'build/examples', example, 'main.js'), '--', ...args]
  const output = execFileSync(process.execPath, command, { encoding: 'utf8', timeout: 60_000 })
  const [, ms, times] = /took (\d+) ms(?: and slept (\d+) times)?/.exec(output)
  const sleeps = times === undefined ? '' : `${Number(times).toLocaleString('en-US')} sleeps, ${Math.round(times / ms * 1000).toLocaleString('en-US')} a second`
  return { model, ms: Number(ms), sleeps, result: last.exec(output)[0] }
}

function bar(ms, runs) {
  return '█'.repeat(Math.max(1, Math.round(ms / Math.max(...runs.map(run => run.ms)) * 30)))
}
