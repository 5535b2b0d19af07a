// A server that speaks the protocol of Redis, under redis-benchmark with 50 clients.
//
//   run.mjs redis | 1 | 2 | shared     [-P 16] [-r 100000]
//
// Each of SET, GET, INCR and MSET (10 keys) runs twice, and the second time counts. The figure is the geometric mean of their
// rates, in thousands of requests a second; the rates of each go along. Server and client share the cores of the placement.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { milliseconds, report } from '../timing.mjs'

const here = path => fileURLToPath(new URL(path, import.meta.url))
const WAYS = { 1: ['--threads', '1'], 2: ['--threads', '2'], shared: ['--threads', '2', '--shared'] }
/** Requests for each millisecond that a run shall last, roughly. */
const RATE = 25, PIPELINED = 125

const [way, ...load] = process.argv.slice(2)
const requests = 16 * Math.ceil(milliseconds * (load.includes('-P') ? PIPELINED : RATE) / 16)

const port = await freePort()
const server = way === 'redis'
  ? spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
  : spawn(process.execPath, [here('../../dist/cli/main.js'), 'run', here('../../build/examples/resp/main.js'), '--', '--port', port, ...WAYS[way]], { stdio: ['ignore', 'ignore', 'inherit'] })
const ended = once(server, 'close')
await listening()

const benchmark = async () => {
  const args = ['-p', port, '--csv', '-c', '50', '-n', String(requests), '-t', 'set,get,incr,mset', ...load]
  const { stdout, stderr } = await promisify(execFile)('redis-benchmark', args)
  const rates = stdout.trim().split('\n').slice(1).map(line => line.split(',').map(JSON.parse))
  return { ok: stderr === '' && rates.length === 4, rates: Object.fromEntries(rates.map(([name, rate]) => [name.slice(0, 4).trim(), Number(rate)])) }
}

const runs = [await benchmark(), await benchmark()]
const { stdout: counted } = await promisify(execFile)('redis-cli', ['-p', port, 'get', 'counter:__rand_int__'])
server.kill('SIGTERM')
const [code] = await ended
const counts = load.includes('-r') || Number(counted) === 2 * requests
const { rates } = runs[1]
report(way, Math.exp(Object.values(rates).reduce((sum, rate) => sum + Math.log(rate), 0) / 4) / 1e3, 'k/s', { ok: runs.every(({ ok }) => ok) && counts && code === 0, rates })

async function freePort() {
  const socket = createServer().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return String(port)
}

// Until somebody listens; gives up when the server has ended.
async function listening() {
  const over = ended.then(([code]) => { throw new Error(`the server has ended: ${code}`) })
  over.catch(() => undefined)
  const tried = () => new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => resolve(true)).on('error', () => setTimeout(resolve, 10, false))
    socket.on('connect', () => socket.destroy())
  })
  while (!await Promise.race([tried(), over]));
}
