#!/usr/bin/env node
// The command `pthreads`.

import { readFileSync } from 'node:fs'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { checkFile, type CheckCommand } from './check.ts'
import { runProgram, type RunOptions } from './run.ts'
import { COSTS, IOS, MODELS, WORKLOADS } from '../sim/index.ts'
import type { CcOptions } from './cc.ts'
import type { BuildOptions } from './wasm.ts'
import type { SimCommand } from './sim.ts'

const { version, description } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string, description: string }

function count(least: number, most: number): (text: string) => number {
  return text => {
    const n = Number(text)
    if (!/^\d+$/.test(text) || n < least || n > most) throw new InvalidArgumentError(`It is not a whole number from ${least} to ${most}.`)
    return n
  }
}

function interval(text: string): number {
  const [, digits] = /^(\d+)(?:ms)?$/.exec(text) ?? []
  const n = Number(digits)
  if (digits === undefined || n < 1 || n > 60_000) throw new InvalidArgumentError('It is not a whole number of ms from 1 to 60000, such as 5ms.')
  return n
}

function seconds(text: string): number {
  const n = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || n < 0.01 || n > 86_400) throw new InvalidArgumentError('It is not a number of seconds from 0.01 to 86400.')
  return n
}

function seed(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) % 2 ** 31 : text
}

function again(text: string, before: string[] = []): string[] {
  return [...before, text]
}

const program = new Command('pthreads').description(description).version(version)

program.command('run')
  .summary('run a program whose main may block')
  .description(`Runs the function main(args) that FILE exports (.js, .mjs, .ts, .mts) as the program's first thread; or a WebAssembly
program (.wasm): what \`pthreads cc\` makes of C, or any binary for wasi-threads.
It may block: the process stays responsive, and Ctrl-C ends it with a summary of its threads.
A number that main returns is the exit code. The process ends when all threads have ended.`)
  .usage('[options] FILE [options] [-- args]')
  .argument('<FILE>', 'the program')
  .option('--threads <n>', 'how many threads may exist besides the first (default: 32000)', count(1, 1_048_000))
  .option('--memory <MiB>', 'memory for mutexes, names and messages (default: 1024)', count(1, 2047))
  .option('--cache <n>', 'how many ended threads keep their Workers for the next ones (default: 64)', count(0, 65535))
  .addOption(new Option('--model <model>', 'how threads run: each on a Worker of its own, all on one carrier, or many on some (default: 1:1)').choices(['1:1', 'm:1', 'm:n']))
  .option('--carriers <n>', 'how many carriers m:n has (default: one for each processor)', count(1, 64))
  .option('--scheduler <name>', 'who runs next on a carrier: rr, fifo, fair, or a file such as ./mine.ts (default: rr)')
  .option('--dir <dir>', '.wasm: a directory that the program may use; DIR, or NAME=DIR for one that it shall see as NAME; again for more', again)
  .option('--env <name=value>', '.wasm: a variable of its environment; NAME alone takes the value from here; again for more', again)
  .option('--preempt <ms>', '.wasm: loops look so often whether it is time for signals or for other threads; they are slower for it', interval)
  .option('--no-shared-memory', '.wasm, m:1: its memory is one Worker\'s own')
  .option('--no-watch', 'no report on stderr when threads deadlock')
  .option('--trace-sites', 'reports say where threads were created and where they wait; that takes some microseconds for each')
  .addHelpText('after', '\nWhat follows -- is handed to main as an array of strings.')
  .action((file: string, options: RunOptions) => runProgram(file, options, args))

const pid = (text: string): number => count(1, 2 ** 31 - 1)(text)

program.command('build')
  .summary('transform a WebAssembly program for m:1 and m:n ahead of its first run')
  .description(`Changes the program so that its threads can share carriers, and keeps the result in $XDG_CACHE_HOME/pthreads (default:
~/.cache/pthreads), where \`pthreads run\` finds it. A run does the same when it finds nothing there. 1:1 needs none of it.`)
  .argument('<FILE>', 'the program, a .wasm file')
  .option('--preempt', 'for runs with --preempt, which change it in another way')
  .addOption(new Option('--no-shared-memory', 'for runs with --no-shared-memory, the same').conflicts('preempt'))
  .action(async (file: string, options: BuildOptions) => (await import('./wasm.ts')).buildAhead(file, options))

program.command('cc')
  .summary('compile a C program with threads to WebAssembly')
  .description(`Compiles and links C, with an installed clang and wasi-libc, to a program for \`pthreads run\`: POSIX threads, semaphores,
signals and timers come from this package. What is not listed here is handed to clang (-O2, -g, -I…, -D…, -c, more files).`)
  .usage('[options] FILE... -o OUT.wasm')
  .argument('<arguments...>', 'files, and options of clang')
  .option('-o <file>', 'where the program is written')
  .option('--sysroot <dir>', 'the C library: a wasi-sysroot (default: WASI_SDK_PATH, else what Debian\'s wasi-libc installs)')
  .option('--clang <file>', 'the compiler (default: the newest clang that is installed)')
  .option('--max-memory <MiB>', 'how large its memory may become (default: 1024)', count(2, 4095))
  .option('--stack <KiB>', 'stack of its first thread (default: 2048)', count(16, 1024 * 1024))
  .option('--library', 'no main: TypeScript loads it and calls what it exports, malloc and free among that')
  .option('--export <name>', 'a function that TypeScript may call (or, in C: __attribute__((export_name("NAME")))); again for more', again)
  .option('-v, --verbose', 'print the compiler\'s command')
  .allowUnknownOption()
  .action(async (words: string[], options: CcOptions) => (await import('./cc.ts')).compile(words, options))

program.command('ps')
  .summary('show the threads of a running program')
  .description('Prints the threads of a program that `pthreads run` started: what they do, what they wait for, who holds it.')
  .argument('<PID>', 'the program\'s process id', pid)
  .option('--json', 'all that is known, as JSON')
  .action(async (pid: number, options: { json?: boolean }) => (await import('./ps.ts')).ps(pid, options))

program.command('top')
  .summary('show them again and again')
  .description('Shows the threads of a program that `pthreads run` started, the busiest first, until it ends. q or Ctrl-C quits.')
  .argument('<PID>', 'the program\'s process id', pid)
  .option('--interval <seconds>', 'how long to wait between two tables (default: 1)', seconds)
  .option('--count <n>', 'how many tables (default: until the program ends)', count(1, 2 ** 31 - 1))
  .action(async (pid: number, options: { interval?: number, count?: number }) => (await import('./ps.ts')).top(pid, options))

program.command('check')
  .summary('explore the interleavings of a test')
  .description(`Runs the threads that FILE exports, one atomic operation at a time, in many orders: all with few preemptions,
then random ones. FILE exports "threads", an array of functions; "setup", which makes the objects that
they get; and "after", which asserts what must hold when they have ended. Finds lost wakeups, deadlocks,
failed assertions, errors and livelocks, and prints the schedule.`)
  .usage('[options] FILE')
  .argument('<FILE>', 'the test')
  .option('--seed <s>', 'a number for the random schedules (default: 1); or a schedule as a failure prints it, which is then replayed', seed)
  .option('--schedules <n>', 'how many schedules to run (default: 10000)', count(1, 2 ** 30))
  .option('--bound <k>', 'the search covers schedules with up to k preemptions (default: 2)', count(0, 1000))
  .option('--story <name>', 'an export of FILE that is an object { setup, threads, after }')
  .addOption(new Option('--model <m>', 'each thread on its own; or fibers of one carrier, of several (default: what FILE says in "model", or 1:1)').choices(MODELS))
  .option('--carriers <n>', 'under m:n, how many carriers (default: what FILE says, or 2)', count(1, 8))
  .option('--scheduler <s>', 'of the fibers: rr, fifo, fair, or a file that exports one (default: what FILE says, or rr)')
  .addOption(new Option('--plain <which>', 'plain accesses that are steps, too').choices(['none', 'stores', 'all']))
  .action((file: string, options: CheckCommand) => checkFile(file, options))

program.command('sim')
  .summary('simulate a threading model')
  .description(`Simulates threads under a threading model on as many processors as you like, with the schedulers that
run user-level threads, and counts what happens and what it costs. The same seed gives the same result.`)
  .usage('[options] WORKLOAD')
  .addArgument(new Argument('<WORKLOAD>', 'what the threads do').choices(Object.keys(WORKLOADS)))
  .addOption(new Option('--model <m>', 'kernel threads; user-level ones on one carrier; or on several').choices(MODELS).default('1:1'))
  .option('--scheduler <s>', 'rr, fifo, fair, or a file that exports one: of the processors under 1:1, else of the carriers', 'rr')
  .option('--cpus <n>', 'how many processors (default: 4)', count(1, 4096))
  .option('--carriers <n>', 'under m:n, how many carriers (default: as many as processors)', count(1, 4096))
  .option('--threads <n>', 'how many threads (default: some for each processor)', count(1, 1_000_000))
  .option('--ms <t>', 'how long, in simulated milliseconds (default: enough for the workload)', count(1, 1_000_000))
  .option('--seed <n>', 'of whatever is random (default: 1)', count(0, 2 ** 31 - 1))
  .addOption(new Option('--io <how>', 'a call that blocks puts its carrier to sleep, is made asynchronous, or leads to upcalls (default: async under m:1, upcalls under m:n)').choices(IOS))
  .addOption(new Option('--donate <d>', 'whether who waits for a lock lends its holder priority').choices(['on', 'off']).default('off'))
  .addOption(new Option('--migrate <m>', 'whether user-level threads that have started may move: on as in C, off as in JavaScript').choices(['on', 'off']).default('off'))
  .option('--measure', 'runs the case on this machine, too, where it can, and shows both results')
  .option('--cost <name=cycles...>', 'what something costs, instead of the default')
  .option('--json', 'the result as JSON')
  .addHelpText('after', () => `\nCosts, in cycles of 2.6 GHz:\n${costHelp()}`)
  .action(async (workload: string, options: SimCommand) => (await import('./sim.ts')).simulateWorkload(workload, options))

function costHelp(): string {
  return Object.entries(COSTS).map(([name, { cycles, pays, source }]) => `  ${name.padEnd(14)} ${String(cycles).padStart(6)}  ${pays} (${source})`).join('\n')
}

// commander does not tell operands before and after `--` apart.
const dashes = process.argv.indexOf('--')
const args = dashes < 0 ? [] : process.argv.slice(dashes + 1)
await program.parseAsync(dashes < 0 ? process.argv : process.argv.slice(0, dashes))
