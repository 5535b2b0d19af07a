// Runs a program in this one's place: its streams are ours, our signals are its, its end is ours.

import { spawn } from 'node:child_process'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Resolves to the exit code; a program that a signal ended takes this process with it. `started` gets the child. */
export function run(command, args, { started, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options })
    // A terminal sends Ctrl-C to both of us: then it has it already, and we only must not die first.
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    for (const signal of SIGNALS) process.on(signal, forward)
    child.on('spawn', () => started?.(child))
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      for (const each of SIGNALS) process.off(each, forward)
      if (signal === null) return resolve(code)
      process.kill(process.pid, signal)
      resolve(1)
    })
  })
}
