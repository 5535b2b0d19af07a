// npm run stress [-- --minutes M] [--seed S] [--threads N] [--only GROUP]: the marathon of test/stress, in a process of its own.
//
// The program tells what it has done; here it is printed, judged, and watched from outside: a program that tells nothing
// for SILENCE seconds hangs with its main thread, and a `deadlock:` on stderr is wrong whatever else is right.

import { fork } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { main, ready } from './bootstrap.mjs'
import { root } from './files.mjs'

const GROUPS = ['mutexes', 'conditions', 'rwlocks', 'spins', 'semaphores', 'onces', 'barriers', 'faces', 'signals', 'timers', 'cancels', 'deaths', 'threads', 'pools']
const USAGE = `npm run stress [-- options]
  --minutes M    how long (default 10; 0.1 is six seconds)
  --seed S       the numbers that the threads choose by, as an earlier run printed it
  --threads N    how many threads use and torment each other's objects (default 29)
  --only GROUP   only threads of ${GROUPS.slice(0, -1).join(', ')}, or ${GROUPS.at(-1)}`
const THREADS = 29, SILENCE = 90, LINE = 10

const sum = (counts, which) => Object.entries(counts).reduce((total, [kind, n]) => which(kind) ? total + n : total, 0)
const isLock = kind => /^(mutex|rwlock|spin) locks$/.test(kind)
const isDeath = kind => kind.startsWith('deaths')
const number = n => Math.round(n).toLocaleString('en')

await main(async () => {
  const options = parse()
  if (options === undefined) return 2
  await ready({ tests: true })
  return watch(options)
})

function parse() {
  try {
    const text = { type: 'string' }
    const { values } = parseArgs({ options: { minutes: text, seed: text, threads: text, only: text, help: { type: 'boolean' } } })
    const minutes = Number(values.minutes ?? 10), seed = Number(values.seed ?? Date.now() % 1e9), threads = Number(values.threads ?? THREADS)
    const right = !values.help && minutes > 0 && minutes <= 10_000 && Number.isInteger(seed) && Number.isInteger(threads) && threads >= 1 && threads <= 200
    if (right && (values.only === undefined || GROUPS.includes(values.only))) return { seconds: minutes * 60, seed, threads, only: values.only }
  } catch (error) {
    console.error(error.message)
  }
  console.error(USAGE)
}

function watch({ seconds, seed, threads, only }) {
  const again = `npm run stress -- --minutes ${+(seconds / 60).toFixed(2)} --seed ${seed} --threads ${threads}${only === undefined ? '' : ` --only ${only}`}`
  console.log(`seed ${seed}, ${threads} threads${only === undefined ? '' : ` of ${only}`}, ${seconds} s`)
  const program = join(root, 'build/test/stress/marathon/main.js')
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = fork(program, [seconds, seed, threads, ...only === undefined ? [] : [only]].map(String), { stdio: ['ignore', 'inherit', 'pipe', 'ipc'], env })
  const bar = process.stdout.isTTY ? new SingleBar({ format: '{bar} {value}/{total} s  {what}', hideCursor: true }) : undefined
  const start = performance.now(), lost = []
  let stderr = '', ended, heard = start, told = start
  const elapsed = () => Math.round((performance.now() - start) / 1000)

  bar?.start(Math.ceil(seconds), 0, { what: '' })
  const dog = setInterval(() => {
    if (performance.now() - heard < SILENCE * 1000) return
    lost.push(`the program has told nothing for ${SILENCE} s: its main thread hangs`)
    child.kill('SIGKILL')
  }, 1000)
  child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text })
  child.on('message', (message) => {
    heard = performance.now()
    if (message.kind === 'ended') ended = message
    if (message.kind === 'hang') lost.push(`${message.what}\n${message.table}`)
    if (message.kind !== 'progress') return
    const what = inShort(message.counts)
    bar?.update(Math.min(elapsed(), Math.ceil(seconds)), { what })
    if (bar === undefined && heard - told > LINE * 1000) {
      told = heard
      console.log(`${String(elapsed()).padStart(5)} s  ${what}`)
    }
  })
  const unheard = new Promise(resolve => child.on('disconnect', resolve))   // messages may come after the end
  return new Promise((resolve) => {
    child.on('close', async (code, signal) => {
      await unheard
      clearInterval(dog)
      bar?.stop()
      lost.push(...ended?.lost ?? [])
      if (stderr !== '') lost.push(`on stderr:\n${stderr}`)
      if (lost.length === 0 && (code !== 0 || ended === undefined)) lost.push(`the program ended with ${signal ?? `exit code ${code}`} before its end${code === 0 ? ' (so Node shows a death by a real-time signal)' : ''}`)
      if (ended !== undefined) print(ended, elapsed())
      if (lost.length === 0) console.log('nothing was lost, and nothing is left over')
      else console.error(`\nfailed after ${elapsed()} s:\n  ${lost.join('\n').replaceAll('\n', '\n  ')}\nagain: ${again}`)
      resolve(lost.length === 0 ? 0 : 1)
    })
  })
}

function inShort(counts) {
  return `${(sum(counts, isLock) / 1e6).toFixed(1)} M locks  ${number(counts['signals sent'])} signals  ${number(counts.cancellations)} cancels  `
    + `${number(sum(counts, isDeath))} deaths`
}

function print({ counts, rounds, before, after }, elapsed) {
  const lines = [
    ...Object.entries(counts), ['lock operations in all', sum(counts, isLock)], ['cancels and signals in all', counts.cancellations + counts['signals sent']],
    ['deaths in all', sum(counts, isDeath)],
  ]
  console.log(`\n${'in all'.padEnd(30)}${'count'.padStart(16)}${'a second'.padStart(14)}`)
  for (const [kind, n] of lines) console.log(`${kind.padEnd(30)}${number(n).padStart(16)}${(n / elapsed).toFixed(n / elapsed < 10 ? 1 : 0).padStart(14)}`)
  console.log(`\n${'after each round'.padEnd(30)}${'the first'.padStart(16)}${`the last of ${rounds}`.padStart(18)}`)
  for (const [what, unit, scale] of [['handles', '', 1], ['bytes', 'bytes of user memory', 1], ['resident', 'resident MiB', 2 ** 20]])
    console.log(`${(unit || what).padEnd(30)}${number(before[what] / scale).padStart(16)}${number(after[what] / scale).padStart(18)}`)
}
