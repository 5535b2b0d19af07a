// npm run bench: ours, the C program and the peers, in one run. README.md beside this file says how to read it.

import { parseArgs } from 'node:util'
import { judge } from './bounds.mjs'
import { cases } from './cases.mjs'
import { compileC, compileGo, compileWasm } from './compile.mjs'
import { canPin, cores, placements } from './cores.mjs'
import { describeMachine } from './machine.mjs'
import { printBounds, printCase } from './print.mjs'
import { runCase } from './rounds.mjs'

const USAGE = `npm run bench [-- options]
  --only NAME   only the cases whose name contains NAME; may be repeated
  --quick       3 short runs of each, on a small corpus: shows that everything works
  --runs N      how many fresh processes for each figure (default 7)
  --json        print JSON
  --assert      exit with status 1 if a bound is missed`

const NOT_PINNED = 'taskset is missing (Debian, Ubuntu: apt-get install util-linux): '
  + 'nothing is pinned, S and X cannot be told apart'

process.exitCode = await bench()

async function bench() {
  const options = readOptions()
  if (options === undefined) return 2
  const { quick, json } = options
  const all = cases({ c: compileC(), go: compileGo(), wasm: compileWasm(), quick })
  const chosen = options.only.length === 0 ? all : all.filter(({ name }) => options.only.some(part => name.includes(part)))
  if (chosen.length === 0) {
    console.error(`no case is called ${options.only.join(' or ')}; there are ${all.map(({ name }) => name).join(', ')}`)
    return 2
  }
  if (!canPin) console.error(NOT_PINNED)
  else if (cores.length < 2) console.error('only one core may be used here: nothing is measured across cores')

  const machine = describeMachine()
  if (!json) printHeading(machine, options)
  const results = {}
  for (const [i, benchCase] of chosen.entries()) {
    const here = placementsOf(benchCase)
    const tell = text => progress(`[${i + 1}/${chosen.length}] ${text}`)
    results[benchCase.name] = await runCase(benchCase, here, { ...options, progress: tell })
    progress('')
    if (!json) printCase(benchCase, results[benchCase.name], here)
  }

  const bounds = judge(results)
  if (json) console.log(JSON.stringify(asJson(machine, options, chosen, results, bounds), null, 2))
  else printBounds(bounds.filter(({ verdict }) => verdict !== 'not measured'), quick)      // of the cases that ran
  return options.assert && bounds.some(({ verdict }) => verdict.startsWith('missed')) ? 1 : 0
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        quick: { type: 'boolean', default: false },
        runs: { type: 'string' },
        json: { type: 'boolean', default: false },
        assert: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const runs = Number(values.runs ?? (values.quick ? 3 : 7))
    if (!values.help && Number.isInteger(runs) && runs > 0) return { ...values, runs, milliseconds: values.quick ? 100 : 800 }
  } catch (error) {
    console.error(error.message)
  }
  console.error(USAGE)
}

/** The placements of a case that this machine has; `free` where nothing can be pinned. */
function placementsOf(benchCase) {
  const asked = benchCase.placements ?? ['S', 'X']
  const wanted = asked.filter(placement => placement === 'free' || placements.includes(placement))
  return wanted.length > 0 ? wanted : ['free']
}

function printHeading({ cpu, cores, kernel, node, gcc, glibc }, { runs, milliseconds }) {
  console.log(`${cpu}, ${cores} cores, Linux ${kernel}; Node ${node}; gcc ${gcc ?? 'missing'}, glibc ${glibc ?? 'none'}`)
  console.log(`medians of ${runs} processes that measure ${milliseconds} ms each, taken in turn`)
  const free = canPin ? 'the two cores, threads not pinned' : 'nothing is pinned'
  console.log(`S: both threads on one core   X: each on a core of its own   free: ${free}`)
}

function asJson(machine, { quick, runs, milliseconds }, chosen, results, bounds) {
  return {
    machine, quick, runs, milliseconds,
    cases: chosen.map(({ name, title, unit, higherIsBetter = false, reference }) => ({
      name, title, unit, higherIsBetter, reference,
      results: results[name].map(({ unit: _, last, lines: _lines, ...result }) => ({ ...result, ...extras(last) })),
    })),
    bounds,
  }
}

/** What a contestant said beside its figure. */
function extras({ name, value, unit, ok, note, wall, ...more } = {}) {
  return Object.keys(more).length > 0 ? { details: more } : {}
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
  else if (text !== '' && / run 1 /.test(text)) console.error(text)
}
