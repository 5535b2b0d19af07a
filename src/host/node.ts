// The host: Node.  What only Node can do for the kernel; the verbs are described in kernel/host.ts.

import { openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, receiveMessageOnPort, SHARE_ENV, Worker, type MessagePort } from 'node:worker_threads'
import type { Birth, Host, Usage } from '../kernel/host.ts'
import { collectYoung } from './collect.ts'
import { writeWhole } from './output.ts'
import { checkRoom } from './room.ts'

const EINVAL = 22, SIGUSR1 = 10, SIGPIPE = 13, SIGTERM = 15

// A program that replaces modules by conditions may have replaced the atomics: boot.ts looks for them.
function bootFor(options: readonly string[]): URL {
  return new URL(options.some(option => /^(--conditions|-C)/.test(option)) ? '../boot.js' : '../boot.cjs', import.meta.url)
}

/** What Workers are given to start with: script.cjs. */
function code(): unknown {
  return (createRequire(import.meta.url)('../host/script.cjs') as { share(): unknown }).share()
}

// performance.now has an origin of its own in every Worker; hrtime has not, but is slower. Between two looks at them the thread may have lost its
// processor: this heap's clock would be late for ever, and timers that it sets would expire early for others.
function originOf(): number {
  let origin = 0
  for (let i = 0, closest = Infinity; i < 10 && closest > CLOSE; i++) {
    const before = hrtime(), mine = performance.now(), apart = hrtime() - before
    if (apart >= closest) continue
    closest = apart
    origin = before + apart / 2 - mine
  }
  return origin
}

const CLOSE = 0.005                                                       // ms

function hrtime(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

const origin = originOf()

let schedstat = -1
const text = Buffer.alloc(64)

// Linux: nanoseconds on a processor, the first number of /proc/thread-self/schedstat.
function linuxCpuTime(): number {
  try {
    if (schedstat < 0) schedstat = openSync('/proc/thread-self/schedstat', 'r')
    const length = readSync(schedstat, text, 0, text.length, 0)
    return Number(text.toString('latin1', 0, length).split(' ', 1)[0]) / 1e6
  } catch {
    return NaN
  }
}

function osThread(): number {
  try {
    return Number(/\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

function usageOf(id: number): Usage {
  try {
    const task = `/proc/self/task/${id}`
    const switches = (kind: string): number => Number(new RegExp(`^${kind}_ctxt_switches:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? NaN)
    const status = readFileSync(`${task}/status`, 'latin1')
    const cpuTime = Number(readFileSync(`${task}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6
    return { cpuTime, voluntary: switches('voluntary'), involuntary: switches('nonvoluntary') }
  } catch {
    return { cpuTime: NaN, voluntary: NaN, involuntary: NaN }
  }
}

/** What keeps an event loop alive and may call back into it. */
const LIVELY = new Set(['Timeout', 'Immediate', 'TCPSocketWrap', 'TCPServerWrap', 'TCPWRAP', 'PipeWrap', 'PipeServerWrap', 'UDPWRAP', 'UDPSendWrap', 'FSEventWrap',
  'StatWatcher', 'ProcessWrap', 'TTYWrap', 'SignalWrap', 'Worker', 'FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap', 'TCPConnectWrap', 'Timer'])

// Options of the command line that a Worker understands and a thread needs, to load what the first heap can load.
const CARRIED = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--no-warnings|--disable-warning|--enable-source-maps|--experimental-strip-types|--experimental-transform-types|--preserve-symlinks)(=|$)/
const TAKES_VALUE = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--disable-warning)$/

/** Options of this process that Workers are started with. */
export function carriedOptions(): string[] {
  const carried: string[] = []
  for (let i = 0; i < process.execArgv.length; i++) {
    const option = process.execArgv[i]
    if (!CARRIED.test(option)) continue
    carried.push(option)
    if (TAKES_VALUE.test(option) && i + 1 < process.execArgv.length) carried.push(process.execArgv[++i])
  }
  return carried
}

let spawner: Worker | undefined

// Learns later what process it belongs to, so that it can start before there is one.
function spawnerWorker(): Worker {
  const worker = new Worker(bootFor([]), {
    workerData: { role: 'spawner', code: code() }, env: SHARE_ENV, execArgv: [], name: 'pthreads spawner',
    trackUnmanagedFds: false,                                             // the carriers' own would not count: they inherit a parent's true
  })
  worker.on('error', error => { throw error })                          // it runs no user code: a defect of ours
  worker.unref()
  return worker
}

interface NodeBirth extends Birth { execArgv?: string[] }

let carried: string[] = []
let carriers = 0

/** Tells the spawner's host the options that carriers are started with. */
export function inheritOptions(birth: Birth): void {
  carried = (birth as NodeBirth).execArgv ?? []
}

export const node: Host = {
  pid: () => process.pid,
  monotonic: () => origin + performance.now(),
  cpuTime: linuxCpuTime,
  osThread,
  usageOf,
  processTime() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  usage() {
    return { cpuTime: node.processTime(), resident: process.memoryUsage.rss(), parent: process.ppid }
  },
  kill(pid, signo) {
    try {
      process.kill(pid, signo)
      return 0
    } catch (error) {
      return Math.abs((error as NodeJS.ErrnoException).errno ?? EINVAL)
    }
  },

  // Node ignores SIGPIPE, and SIGUSR1 starts its debugger: neither would end it.
  die(signo) {
    process.kill(process.pid, signo === SIGPIPE || signo === SIGUSR1 ? SIGTERM : signo)
  },

  processors: availableParallelism,

  expectSpawner() {
    if (isMainThread) spawner ??= spawnerWorker()
  },

  startSpawner(birth) {
    spawner ??= spawnerWorker()
    const given: NodeBirth = { ...birth, execArgv: carriedOptions() }
    spawner.postMessage(given, [birth.port as unknown as MessagePort])
  },

  startCarrier(birth, limits, gone) {
    checkRoom(carriers)
    const resourceLimits = { ...(limits.heap > 0 && { maxOldGenerationSizeMb: limits.heap }), ...(limits.stack > 0 && { stackSizeMb: limits.stack / 1024 }) }
    const worker = new Worker(bootFor(carried), {
      workerData: { ...birth, code: code() }, transferList: [birth.port as unknown as MessagePort],
      env: SHARE_ENV, resourceLimits, execArgv: carried, stdout: true, stderr: true,
      name: `pthreads carrier ${birth.carrier}`, trackUnmanagedFds: false,
    })
    carriers++
    let error: unknown
    worker.on('error', e => { error = e })
    worker.on('exit', (code) => {
      carriers--
      gone(error === undefined ? { code } : { code, error })
    })
    return { terminate: () => void worker.terminate() }
  },

  receive: port => receiveMessageOnPort(port as unknown as MessagePort),

  listen(port, handler, closed) {
    const p = port as unknown as MessagePort
    p.on('message', handler)
    p.on('close', closed)
  },

  nextTurn: task => void setImmediate(task),

  active() {
    let count = 0
    for (const kind of process.getActiveResourcesInfo()) if (LIVELY.has(kind)) count++
    return count
  },

  collectYoung,

  writeError: message => { writeWhole(2, Buffer.from(message)) },

  atExit(report) {
    process.on('exit', code => {
      const wanted = report()
      if (wanted > 0 && code === 0) process.exitCode = wanted
    })
  },

  check(worker) {
    if (typeof (worker as Worker | undefined)?.postMessage !== 'function') throw new TypeError('load: the factory returned something that is not a Worker')
  },

  adopt(worker, birth) {
    const w = worker as Worker
    w.on('error', () => undefined)                                      // its end reaches the spawner by its line
    w.postMessage(birth, [birth.port as unknown as MessagePort])
    w.unref()
  },

  awaitBirth(born) {
    if (parentPort === null) throw new Error('serve: this module is not running in a Worker')
    parentPort.once('message', (birth: Birth) => { born(birth) })
  },

  quit: () => process.exit(0),
}
