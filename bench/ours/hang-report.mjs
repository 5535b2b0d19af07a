// Measures how long five philosophers that deadlock hang before the report names the cycle: from the moment when each holds
// a fork, which the program prints before it lets them take the other, to the report's last line. Seconds. Main is blocked in
// join. Argument: run, the program under `pthreads run`; library, the process's first thread is main.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { report } from '../timing.mjs'

const here = path => fileURLToPath(new URL(path, import.meta.url))
const program = process.argv[2] === 'library' ? [here('philosophers.mjs')] : [here('../../dist/cli/main.js'), 'run', here('../../build/examples/deadlock/main.js')]

// Each waits for the fork that the next one holds, and the last for the first one's.
const cycle = [0, 1, 2, 3, 4].map(n => `philosopher ${n} -> Mutex "fork ${(n + 1) % 5}" -> `).join('')

const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'pipe'] })
let stdout = '', stderr = '', begun, seconds
child.stdout.setEncoding('utf8').on('data', (text) => {
  stdout += text
  if (begun === undefined && stdout.includes('everybody holds one fork')) begun = performance.now()
})
child.stderr.setEncoding('utf8').on('data', (text) => {
  stderr += text
  if (!stderr.includes(cycle)) return
  seconds ??= (performance.now() - begun) / 1000
  child.kill('SIGKILL')
})
child.on('close', () => {
  if (seconds === undefined) throw new Error(`the program ended without a report: ${stderr}`)
  report('ours', seconds, 's', { ok: stderr.startsWith('deadlock: 5 threads wait for each other\n') })
})
