// npm test [-- pattern | file …] [--node PATH] [--test-…]
//
// Runs the test files whose path contains one of the patterns, or all, with Node's own runner; --node says
// which node runs them, options that begin with --test- are the runner's.
//
// Two guards against a test that hangs. The runner's own ends a test after TEST ms, but needs a turn of that
// process's event loop, and here hangs are threads that block it (on Node 20 it counts the whole file
// instead, and is not used). So files that take longer than FILE ms are killed from outside; the runner then
// reports them as failed.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { main, ready } from './bootstrap.mjs'
import { run } from './child.mjs'
import { root, walk } from './files.mjs'

const TEST = 240_000
const FILE = 480_000

await main(async () => {
  const { patterns, options, node } = parse(process.argv.slice(2))
  const version = node === process.execPath ? process.version : versionOf(node)
  await ready({ tests: true })
  const files = choose(patterns)
  const major = Number(/^v(\d+)/.exec(version)[1])
  const limit = major < 22 ? [] : [`--test-timeout=${TEST}`]
  const { NODE_TEST_CONTEXT: _, ...env } = process.env            // set where a test runs this script
  console.log(`${files.length} test files on Node ${version}`)
  return run(node, ['--test', '--test-concurrency=2', '--test-reporter=spec', '--test-reporter-destination=stdout', ...limit, ...options, ...files],
    { cwd: root, env, started: child => killOverdue(child.pid) })
})

function parse(args) {
  const own = args.filter(arg => !arg.startsWith('--test-'))
  const { values, positionals } = parseArgs({ args: own, options: { node: { type: 'string' } }, allowPositionals: true })
  return {
    patterns: positionals,
    options: args.filter(arg => arg.startsWith('--test-')),
    node: values.node === undefined ? process.execPath : resolve(values.node),
  }
}

function versionOf(node) {
  const { error, status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  if (error || status !== 0) throw new Error(`--node ${node}: ${error?.message ?? `exits with ${status}`}`)
  return stdout.trim()
}

// A file may be named as source or as output, from wherever the user stands.
function choose(patterns) {
  const all = walk(join(root, 'build/test')).filter(path => path.endsWith('.test.js'))
  const chosen = patterns.length === 0 ? all : all.filter(path => patterns.some(pattern => matches(path, pattern)))
  if (chosen.length === 0) throw new Error(`no test file matches ${patterns.join(' ') || 'test/**/*.test.ts'}`)
  return chosen.map(path => `build/test/${path}`)
}

function matches(path, pattern) {
  const source = `test/${path.replace(/\.js$/, '.ts')}`
  if (existsSync(pattern)) {
    const named = relative(root, resolve(pattern))
    if (named === source || named === `build/test/${path}`) return true
    if (source.startsWith(`${named}/`)) return true
  }
  return source.includes(pattern)
}

// The children of the runner, by the kernel's own list; elsewhere than on Linux there is none, and no guard.
function killOverdue(runner) {
  const list = `/proc/${runner}/task/${runner}/children`
  if (!existsSync(list)) return
  const seen = new Map()
  setInterval(() => {
    const now = Date.now()
    for (const pid of children(list)) {
      if (!seen.has(pid)) seen.set(pid, now)
      if (now - seen.get(pid) < FILE) continue
      console.error(`${commandOf(pid)} has run for ${FILE / 1000} s: killed`)
      kill(pid)
    }
  }, 2000).unref()
}

function children(list) {
  try {
    return readFileSync(list, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []                                                       // the runner is gone
  }
}

function commandOf(pid) {
  try {
    const file = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').find(arg => arg.endsWith('.test.js'))
    return file === undefined ? `process ${pid}` : basename(file)
  } catch {
    return `process ${pid}`
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
