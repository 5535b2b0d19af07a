// An actor of the marathon: one pool after another, each in a storm of its own.

import { load as read } from '#atomics'
import { user } from '#internal/kernel/process.js'
import { random } from '../random.ts'
import { storm, type Outcomes } from '../fixtures/pool-storm.ts'
import type { Part } from './actors.ts'
import { did, opensRow, type Kind } from './ledger.ts'
import { STOP } from './stage.ts'

const KINDS: Readonly<Record<keyof Outcomes, Kind>> = {
  returned: 'pool tasks', failed: 'pool tasks', refused: 'pool tasks', stopped: 'pool tasks stopped', destroyed: 'pool tasks stopped',
  deaths: 'deaths in a pool',
}

/** Pools that are closed, or destroyed in the middle. */
export async function usesPools({ stage, row, seed }: Part): Promise<void> {
  opensRow(row)
  const below = random(seed)
  while (read(user, stage + STOP) === 0) await storm(below, 60, how => { did(KINDS[how]) })
}
