// What is done for ports when a thread has ended, when a carrier has died, and when nobody holds a port any more.

import { peek } from '#atomics'
import { finalize } from '../kernel/handle.ts'
import { Reason, type Death } from '../kernel/death.ts'
import { messageRecord, kernel, messages, self } from '../kernel/process.ts'
import { MessageRecord } from '../kernel/records.ts'
import { KERNEL, type Address, type Memory } from '../mem/memory.ts'
import { local } from '../pthread/local.ts'
import { installMourner } from '../pthread/mourner.ts'
import { holdersBy } from '../pthread/waits.ts'
import { Answer, sweepMessages } from './message.ts'
import { discardPort, endAppointed, leaveAll, serversOf, sweepServers } from './server.ts'

/** The codec's tag of ports, and the kind of their blocks. */
export const PORT = 12

function threadEnds(): void {
  if (local.ports === undefined) return                                   // it has never waited for a message, nor for an answer in a promise
  sweepMessages(self.carrier, self.tid, { status: Answer.ENDED, reason: Reason.NONE, code: 0 }, false)
  leaveAll()
}

function carrierDied(n: number, { reason, code }: Death): void {
  sweepMessages(n, 0, { status: Answer.DIED, reason, code }, true)
  sweepServers(n)
}

// Who can answer: the thread that has the message; else, while it waits in a queue, the one that serves the port.
function holders(m: Memory, a: Address): number[] {
  const n = Math.floor((a - messages) / MessageRecord.size)
  if (m.id !== KERNEL || n <= 0) return []
  const port = peek(kernel, messageRecord(n) + MessageRecord.port)
  if (port === 0) return [peek(kernel, messageRecord(n) + MessageRecord.server)]
  const servers = serversOf(port)
  return servers.length === 1 ? servers : []
}

installMourner({ threadEnds, threadEnded: endAppointed, carrierDied })
finalize(PORT, discardPort)
holdersBy.reply = holders
