// Are the packages that package-lock.json names in node_modules?  npm leaves there a list of what it put.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root, text } from './files.mjs'

/** True when every package that is needed here is installed in the locked version. */
export function installed() {
  const wanted = packages('package-lock.json')
  const present = packages('node_modules/.package-lock.json')
  if (wanted === undefined || present === undefined) return false
  return Object.entries(wanted).every(([path, { version, optional, devOptional, link }]) =>
    path === '' || optional || devOptional || link || present[path]?.version === version)
}

function packages(file) {
  const list = text(join(root, file))
  return list === undefined ? undefined : JSON.parse(list).packages
}

/** Installs them. */
export function install() {
  console.error('installing the packages that package-lock.json names (npm ci) …')
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const own = /npm-cli\.js$/.test(process.env.npm_execpath ?? '') ? process.env.npm_execpath : undefined
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: own === undefined && process.platform === 'win32' }
  const { error, status } = own === undefined
    ? spawnSync('npm', args, options)
    : spawnSync(process.execPath, [own, ...args], options)
  if (error) throw new Error(`npm did not start: ${error.message}`)
  if (status !== 0) throw new Error(`npm ci failed with exit code ${status}; its output above says why`)
}
