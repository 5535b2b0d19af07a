// Measures the lab: `exhaustive`, seconds for all interleavings of two threads that lock and unlock a mutex; `steps`,
// thousand steps a second of random schedules, where threads change as often as chance will have it.

import { check } from '../../dist/lab/index.js'
import { report } from '../timing.mjs'

const story = new URL('./lab-story.mjs', import.meta.url)
const [what] = process.argv.slice(2)

if (what === 'exhaustive') {
  const { time, coverage, schedules, steps } = await check(story, { story: 'once', bound: Infinity, schedules: 1e6, search: 1e6 })
  report('ours', time / 1000, 's', { ok: coverage === 'all', schedules, steps })
} else {
  const milliseconds = Number(process.env.BENCH_MILLISECONDS ?? 800)
  const warm = await check(story, { story: 'often', search: 0, schedules: 100 })
  const { time, steps, ok } = await check(story, { story: 'often', search: 0, schedules: Math.ceil(milliseconds * 100 / warm.time) })
  report('ours', steps / time, 'thousand a second', { ok })
}
