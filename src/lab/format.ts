// A result of `check` as text for people.

import type { CheckResult } from './check.ts'
import type { Step } from './trace.ts'

/** Plain accesses of what a lock of the kernel guards, mostly. */
const GUARDED = /^(peek|poke (process|bucket|thread|carrier|kernel))\b/
const HEAD = 3, TAIL = 5, MOST = 120

/** What was explored, or the finding with its schedule, thread by thread. `replay`: how to run it again, with the schedule in place of `%s`. */
export function formatResult(result: CheckResult, replay = '--seed %s'): string {
  const { finding, trace = [], replayed } = result
  if (finding === undefined) return `${coverageOf(result)}: no failure\n`
  return [
    `${finding.verdict}: ${finding.summary}`,
    ...finding.error === undefined ? [] : ['', ...finding.error.split('\n').map(line => `    ${line}`)],
    '',
    ...finding.threads.map(line => `  ${line}`),
    '',
    `the schedule (${count(finding.steps, 'step')}, ${count(finding.preemptions, 'preemption')}; ${count(result.schedules, 'schedule')} before it was found):`,
    ...table(trace.filter(({ text }) => !GUARDED.test(text)), finding.names),
    '',
    replayed === false ? 'A replay takes other steps: the program depends on something that the lab does not control.' : `replay: ${replay.replace('%s', finding.schedule)}`,
    '',
  ].join('\n')
}

function coverageOf({ schedules, steps, coverage, bound, longest, seed }: CheckResult): string {
  const ran = `${count(schedules, 'schedule')}, ${count(steps, 'step')}, the longest ${longest}`
  if (coverage === 'all') return `every schedule (${ran})`
  if (coverage === 'bound') return `every schedule with at most ${count(bound, 'preemption')} (${ran})`
  return `${bound < 0 ? 'some schedules' : `every schedule with at most ${count(bound, 'preemption')}, and some more`} (${ran}; seed ${seed})`
}

const count = (n: number, what: string): string => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`

// A line a step; long runs of one thread are cut in the middle.
function table(trace: readonly Step[], names: readonly string[]): string[] {
  const runs: Step[][] = []
  for (const step of trace) {
    const run = runs.at(-1)
    if (run !== undefined && run[0].thread === step.thread) run.push(step)
    else runs.push([step])
  }
  const short = trace.length <= MOST
  const width = Math.max(0, ...names.map(name => name.length)), wide = Math.min(60, Math.max(0, ...trace.map(({ text }) => text.length)))
  return runs.flatMap((run, i) => {
    const seen = short || run.length <= HEAD + TAIL + 1 ? run : run.filter((_, j) => j < HEAD || j >= run.length - TAIL)
    const lines = seen.map(({ thread, text, where }) => `  ${(names[thread] ?? '').padEnd(width)}  ${text.padEnd(wide)}  ${where}`.trimEnd())
    if (seen.length < run.length) lines.splice(HEAD, 0, `  ${''.padEnd(width)}  … ${run.length - seen.length} more`)
    return i === 0 ? lines : ['', ...lines]
  })
}
