// Runs one case: every contestant once in every placement, then all again, so that a machine that grows warmer or
// busier does so for all of them alike.

import { run } from './contestant.mjs'
import { least, median, most } from './statistics.mjs'

/** @returns the results of a case: one for each contestant and placement, in the order of the case's own list */
export async function runCase(benchCase, placements, { runs, milliseconds, progress }) {
  const lanes = placements.flatMap(placement =>
    benchCase.contestants.map(contestant => ({ contestant, placement, lines: [] })))
  const length = Math.min(milliseconds, benchCase.milliseconds ?? Infinity)
  const rounds = benchCase.once ? 1 : runs
  for (let round = 1; round <= rounds; round++)
    for (const lane of lanes) {
      if (lane.failed !== undefined) continue
      if (lane.contestant.missing !== undefined) {
        lane.failed = lane.contestant.missing
        continue
      }
      progress(`${benchCase.name}, run ${round} of ${rounds}, ${lane.placement}, ${lane.contestant.name}`)
      const line = await run(lane.contestant, lane.placement, { milliseconds: length, timeout: benchCase.timeout })
      if (line.failed === undefined) lane.lines.push(line)
      else lane.failed = line.failed
    }
  agree(benchCase, lanes)
  return lanes.map(summary)
}

/** Contestants that compute the same thing must come to the same result: the one most of them have. */
function agree({ sameResult }, lanes) {
  if (sameResult === undefined) return
  const lines = lanes.flatMap(lane => lane.lines)
  const votes = new Map()
  for (const line of lines) votes.set(line[sameResult], (votes.get(line[sameResult]) ?? 0) + 1)
  const winner = [...votes].sort(([, a], [, b]) => b - a)[0]?.[0]
  for (const line of lines)
    if (line[sameResult] !== winner) {
      line.ok = false
      line.note = `${sameResult} ${line[sameResult]}, the others ${winner}`
    }
}

function summary({ contestant, placement, lines, failed }) {
  const result = { contestant: contestant.name, placement }
  if (failed !== undefined) return { ...result, failed }
  const values = lines.map(line => line.value)
  return {
    ...result,
    unit: lines[0].unit,
    median: median(values),
    least: least(values),
    most: most(values),
    values,
    ok: lines.every(line => line.ok !== false),
    notes: [...new Set(lines.map(line => line.note).filter(Boolean))],
    last: lines.at(-1),
    lines,
  }
}
