// How a heap becomes the spawner.

import { host, inheritOptions, importModule } from '#host'
import { installHost, type Birth, type Host } from '../kernel/host.ts'
import { attach, self } from '../kernel/process.ts'
import { SPAWNER } from '../kernel/records.ts'
import { spawner } from '../kernel/spawner.ts'
import { heirs } from '../pthread/bequest.ts'
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
  return spawner(birth, heirs)
}
