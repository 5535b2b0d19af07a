// The first module of every Worker that the library starts: the spawner and the carriers.

import { workerData } from 'node:worker_threads'
import { becomeCarrier } from './api/carrier.ts'
import './api/index.ts'                              // the codec knows the objects of the library
import { install } from './api/attach.ts'
import { inheritOptions } from './host/index.ts'
import { host, installHost, type Birth, type Host } from './kernel/host.ts'
import { attach, self } from './kernel/process.ts'
import { SPAWNER } from './kernel/records.ts'
import { spawner } from './kernel/spawner.ts'
import { bequeath } from './pthread/bequest.ts'

const birth = workerData as Birth

async function substitute(): Promise<void> {
  if (birth.hostModule === undefined) return
  const module = await import(birth.hostModule) as { host: (of: Host) => Host }
  installHost(module.host(host))
}

if (birth.role === 'carrier') {
  becomeCarrier(birth)
} else {
  attach(birth)
  self.carrier = SPAWNER
  install()
  inheritOptions(birth)
  await substitute()
  await spawner(birth, bequeath)
}
