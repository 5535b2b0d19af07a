// How a heap becomes the spawner.

import { add, peek, resume } from '#atomics'
import { host, inheritOptions, importModule } from '#host'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { installHost, type Birth, type Host } from '../kernel/host.ts'
import { attach, kernel, self } from '../kernel/process.ts'
import { PROCESS, Process, SPAWNER } from '../kernel/records.ts'
import { spawner } from '../kernel/spawner.ts'
import { heirs } from '../pthread/bequest.ts'
import { PERIOD, Watcher } from '../pthread/watch.ts'
import { install } from './attach.ts'
import './index.ts'                              // messages of the dead hold references to objects of the library

/** Joins the process as its spawner; never returns. */
export async function becomeSpawner(birth: Birth): Promise<never> {
  attach(birth)
  self.carrier = SPAWNER
  install()
  inheritOptions(birth)
  if (birth.hostModule !== undefined) {
    const substitute = await importModule(birth.hostModule) as { host: (of: Host) => Host }
    installHost(substitute.host(host))
  }
  if (peek(kernel, PROCESS + Process.watch) !== 0) watchForHangs()
  return spawner(birth, heirs)
}

// Here, because the spawner's event loop turns whatever the threads do, the first one included.
function watchForHangs(): void {
  const watcher = new Watcher(() => now(CLOCK_MONOTONIC))
  setInterval(() => {
    for (const report of watcher.look()) host.writeError(report)
    add(kernel, PROCESS + Process.looks, 1)
    resume(kernel, PROCESS + Process.looks)
  }, PERIOD)
}
