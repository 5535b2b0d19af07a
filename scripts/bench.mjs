// npm run bench [-- --only NAME] [--quick] [--runs N] [--json] [--assert]: ours, C and the peers; bench/README.md.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { main, ready } from './bootstrap.mjs'
import { run } from './child.mjs'
import { root, text } from './files.mjs'

const bench = join(root, 'bench')

await main(async () => {
  await ready()
  if (!peersInstalled()) installPeers()
  return run(process.execPath, [join(bench, 'main.mjs'), ...process.argv.slice(2)])
})

/** True when every peer that bench/package-lock.json names is there, in its version. */
function peersInstalled() {
  const wanted = packages('package-lock.json'), present = packages('node_modules/.package-lock.json')
  return present !== undefined && Object.entries(wanted).every(([path, { version, optional }]) =>
    path === '' || optional || present[path]?.version === version)
}

function packages(file) {
  const list = text(join(bench, file))
  return list === undefined ? undefined : JSON.parse(list).packages
}

function installPeers() {
  console.error('installing the peers that bench/package-lock.json names (npm ci) …')
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const { error, status } = spawnSync('npm', args, { cwd: bench, stdio: ['ignore', 2, 2] })
  if (error) throw new Error(`npm did not start: ${error.message}`)
  if (status !== 0) throw new Error(`npm ci in bench/ failed with exit code ${status}; its output above says why`)
}
