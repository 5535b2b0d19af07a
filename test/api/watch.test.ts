// The watcher in its place: it tells of programs that hang, whatever main does, and not of programs that rest.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { plays, runProgram } from '../program.ts'

const program = new URL('./watch-program.js', import.meta.url)

// Runs a scene that hangs until what it prints on stderr matches; the whole of it must.
async function hangs(scene: string, report: RegExp, ...args: string[]): Promise<void> {
  let stderr = ''
  const { timedOut } = await runProgram(program, {
    args: [scene, ...args],
    started: child => child.stderr!.on('data', (text: string) => {
      stderr += text
      if (report.test(stderr)) child.kill('SIGKILL')
    }),
  })
  assert.ok(!timedOut, `no report of "${scene}":\n${stderr}`)
  assert.match(stderr, report)
}

const cycle = /^deadlock: 2 threads wait for each other\n {2}tid 2 {2}one {2}holds Mutex "a" {2}waits for Mutex "b"\n {2}tid 3 {2}two {2}holds Mutex "b" {2}waits for Mutex "a"\n {2}one -> Mutex "b" -> two -> Mutex "a" -> one\n/

describe('a program that hangs is told of', { concurrency: 2 }, () => {
  test('a cycle, while main is blocked in join', () => hangs('cycle', new RegExp(`${cycle.source}  behind them:\\n  tid 1    waits for the end of thread 2 "one"\\n$`)))
  test('a cycle, while main is in its event loop', () => hangs('cycle while main is idle', new RegExp(`${cycle.source}$`)))
  test('a cycle, while other threads work', () => hangs('cycle beside a thread that works', /"a"\n {2}one -> Mutex "b"/))
  test('all sleep, and nobody can wake one', () => hangs('silence',
    /^deadlock: all 2 threads sleep, and nothing is left that could wake one\n {2}tid 1 {10}waits for the end of thread 2 "worker"\n {2}tid 2 {2}worker {2}waits for Semaphore "never"\n$/))
  test('the first thread, alone', () => hangs('alone', /^deadlock: a thread waits for itself\n {2}tid 1 {4}holds Mutex "mine" {2}waits for Mutex "mine"\n {2}tid 1 -> Mutex "mine" -> tid 1\n$/))
  test('a mutex that a thread left locked', () => hangs('ended holder',
    /^deadlock: the only thread sleeps, and nothing is left that could wake one\n {2}tid 1 {4}waits for Mutex "left locked" {2}held by thread 2, which has ended\n$/))
  test('places are told where they are traced', () => hangs('cycle',
    /tid 2 {2}one .*\n +waits at +embraces \(.*threads-work\.js:\d+:\d+\)\n +created at +embrace \(.*watch-program\.js:\d+:\d+\)\n +\S.*watch-program.*\n[^]*behind them:\n {2}tid 1 .*\n +waits at .*watch-program\.js/, 'trace'))
})

describe('a program that rests is not told of', { concurrency: 2 }, () => {
  for (const scene of [
    'main is idle with a server', 'main awaits a thread that awaits timers', 'main is blocked, and joins a thread that awaits timers',
    'main is blocked, and joins a thread in a wait of its own', 'two threads play, and main is blocked', 'all wait, one until a deadline',
    'main waits until a deadline', 'many come and go',
  ]) test(scene, () => plays(program, scene))

  test('main awaits what it can be told on stdin', () => plays(program, 'main awaits what it can be told on stdin', {
    stdin: true,
    started: child => child.stdout!.on('data', (text: string) => { if (text.includes('now')) child.stdin!.end('go\n') }),
  }))
})
