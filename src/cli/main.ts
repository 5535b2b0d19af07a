#!/usr/bin/env node
// The command `pthreads`.

import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { runProgram, type RunOptions } from './run.ts'

const { version, description } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string, description: string }

function count(least: number, most: number): (text: string) => number {
  return text => {
    const n = Number(text)
    if (!/^\d+$/.test(text) || n < least || n > most) throw new InvalidArgumentError(`It is not a whole number from ${least} to ${most}.`)
    return n
  }
}

const program = new Command('pthreads').description(description).version(version)

program.command('run')
  .summary('run a program whose main may block')
  .description(`Runs the function main(args) that FILE exports (.js, .mjs, .ts, .mts) as the program's first thread.
It may block: the process stays responsive, and Ctrl-C ends it with a summary of its threads.
A number that main returns is the exit code. The process ends when all threads have ended.`)
  .usage('[options] FILE [options] [-- args]')
  .argument('<FILE>', 'the program')
  .option('--threads <n>', 'how many threads may exist besides the first (default: 32000)', count(1, 1_000_000))
  .option('--memory <MiB>', 'memory for mutexes, names and messages (default: 1024)', count(1, 2047))
  .option('--cache <n>', 'how many ended threads keep their Workers for the next ones (default: 64)', count(0, 65535))
  .addHelpText('after', '\nWhat follows -- is handed to main as an array of strings.')
  .action((file: string, options: RunOptions) => runProgram(file, options, args))

// commander does not tell operands before and after `--` apart.
const dashes = process.argv.indexOf('--')
const args = dashes < 0 ? [] : process.argv.slice(dashes + 1)
await program.parseAsync(dashes < 0 ? process.argv : process.argv.slice(0, dashes))
