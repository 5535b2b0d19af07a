// One build at a time: `npm start` and `npm test` typed at once must not write the same files.
//
// The lock is a folder, since making one is atomic everywhere; the file in it names who holds it. A lock
// whose holder is gone, or that is older than any build, is moved aside and removed. Moving is atomic too,
// so of several who find it stale one wins; the check after the move is for the one who came late and moved
// a fresh lock: it puts that back.

import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { text } from './files.mjs'

const OLD = 15 * 60_000

/** Runs `work` while this process alone holds the lock at `path`. */
export async function locked(path, work) {
  mkdirSync(dirname(path), { recursive: true })
  for (let tries = 0; !take(path); tries++) {
    if (tries === 20) console.error('waiting for another build to finish …')
    if (stale(path)) drop(path)
    else await pause(100)
  }
  const leave = () => rmSync(path, { recursive: true, force: true })
  process.once('exit', leave)
  try {
    return await work()
  } finally {
    process.off('exit', leave)
    leave()
  }
}

function take(path) {
  try {
    mkdirSync(path)
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  writeFileSync(join(path, 'pid'), String(process.pid))
  return true
}

// A lock without a number is being taken this very moment, or its taker died in between; age decides.
function stale(path) {
  const pid = text(join(path, 'pid'))
  return pid ? !alive(Number(pid)) || age(path) > OLD : age(path) > 10_000
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function age(path) {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch (error) {
    if (error.code === 'ENOENT') return 0
    throw error
  }
}

function drop(path) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (stale(aside)) rmSync(aside, { recursive: true, force: true })
  else renameSync(aside, path)
}
