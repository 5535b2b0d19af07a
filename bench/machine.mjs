// What the figures were measured on; a figure without it says little.

import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus, release } from 'node:os'
import { readFileSync } from 'node:fs'

const firstLine = (command, ...args) => {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n')[0].trim() : undefined
}

export function describeMachine() {
  const { dependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'))
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    kernel: release(),
    node: process.version,
    gcc: firstLine('gcc', '-dumpfullversion'),
    glibc: process.report.getReport().header.glibcVersionRuntime,
    peers: dependencies,
    date: new Date().toISOString(),
  }
}
