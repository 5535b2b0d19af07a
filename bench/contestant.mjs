// Runs one contestant once: a fresh process, confined to its cores, that prints one line of JSON and must end by
// itself. Whatever goes wrong becomes a `failed` with the reason, never an exception: the others go on.

import { spawn } from 'node:child_process'
import { confine, cores } from './cores.mjs'

// Node's exit status when nothing is left to do, but for an await at the top of a module.
const UNSETTLED = 13

/**
 * @returns {Promise<{ value: number, unit: string, ok: boolean, wall: number } | { failed: string }>} the contestant's
 * own line, and the wall seconds of the process
 */
export function run(contestant, placement, { milliseconds, timeout = 60 }) {
  const { promise, resolve } = resolvable()
  const words = typeof contestant.command === 'function' ? contestant.command() : contestant.command
  const [command, ...args] = [...confine(placement), ...words]
  const env = {
    ...process.env,
    BENCH_PLACEMENT: placement, BENCH_CORES: cores.join(','), BENCH_MILLISECONDS: String(milliseconds),
  }
  const start = performance.now()
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = '', err = '', late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, timeout * 1e3)
  child.stdout.setEncoding('utf8').on('data', text => out += text)
  child.stderr.setEncoding('utf8').on('data', text => err += text)
  child.on('error', error => resolve({ failed: error.message }))
  child.on('close', (code, signal) => {
    clearTimeout(timer)
    const wall = (performance.now() - start) / 1e3
    if (late) resolve({ failed: `did not end within ${timeout} s` })
    else if (code !== 0) resolve({ failed: code === UNSETTLED ? 'waits for a promise that nobody will settle' : reason(err) ?? `ended with ${signal ?? `exit status ${code}`}` })
    else resolve({ wall, ...read(out, contestant, wall) })
  })
  return promise
}

function read(out, contestant, wall) {
  try {
    const line = Object.assign({}, ...out.slice(out.indexOf('{')).trim().split('\n').map(part => JSON.parse(part)))   // who starts a program of C adds to what that prints
    return contestant.adapt ? contestant.adapt(line, wall) : line
  } catch {
    return { failed: 'printed no line of JSON' }
  }
}

/** The line of a stack trace or message that says what happened. */
function reason(err) {
  const lines = err.split('\n').map(line => line.trim()).filter(Boolean)
  return (lines.find(line => /^(\w*Error|E[A-Z]+)\b.*:/.test(line)) ?? lines.at(-1))?.slice(0, 120)
}

function resolvable() {
  let resolve
  const promise = new Promise(yes => resolve = yes)
  return { promise, resolve }
}
