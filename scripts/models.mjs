// The end of npm start: two examples, each under the three models. One nearly only waits, the other nearly only computes. Then one in C.

import { execFileSync, spawnSync } from 'node:child_process'
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
  for (const { example, args, title, last } of PROGRAMS) show(example, title, MODELS.map(model => run(model, example, args, last)))
}

/** Runs a program in C as it is committed, and prints what its processes took. Throws as {@link showModels}. */
export function showProgram(threads = 100, ms = 100) {
  const program = join(root, 'examples/c/wasm/sleepers.wasm')
  const built = timed('build', program)
  console.log('\nthe same WebAssembly program, compiled from C, under three models')
  const title = `sleepers: ${threads} threads sleep ${ms} ms at the same time; each run from the start of its process to its end`
  show('sleepers', title, MODELS.map(model => ({ model, ...timed('run', '--model', model, program, '--', String(threads), String(ms)), sleeps: '' })))
  console.log(`  made ready for m:1 and m:n in ${(built.ms / 1000).toFixed(1)} s, which is kept for later runs`)
}

function show(name, title, runs) {
  console.log(`\n${title}`)
  for (const { model, ms, sleeps } of runs)
    console.log(`  ${model}  ${(ms / 1000).toFixed(2).padStart(6)} s  ${bar(ms, runs).padEnd(30)}  ${sleeps}`.trimEnd())
  if (runs.some(({ result }) => result !== runs[0].result)) throw new Error(`${name}: the results differ: ${runs.map(({ result }) => result).join('; ')}`)
  console.log(`  same result: ${runs[0].result}`)
}

// `pthreads` with these arguments: what it took, and what it printed.
function timed(...args) {
  const before = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) throw new Error(`pthreads ${args.join(' ')} ended with ${status}: ${stderr}`)
  return { ms: performance.now() - before, result: stdout.trimEnd() }
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
