// The function of a protocol thread. It never blocks: it turns its event loop, in which its sockets and its port are.

import { once } from 'node:events'
import { createServer, Socket, type AddressInfo, type ListenOptions, type Server } from 'node:net'
import { transfer, type Message, type Port } from 'pthreads'
import { moving, type Answers, type Letter, type Place, type ThreadPort } from './link.ts'
import type { Arg } from './parser.ts'
import { Service, type Settings } from './service.ts'
import type { SharedTable } from './shared-store.ts'

/** How often keys that have expired are thrown away, and clients that do not read, ms. */
const SWEEP = 100

/** Serves until its port is closed. `ended` is told the number of each descriptor that it was given and has closed. */
export async function protocol(index: number, settings: Settings, ports: ThreadPort[], ended: Port<number>, table?: SharedTable): Promise<void> {
  const service = new Service(index, settings, ports, table)
  const reports = new Set<Promise<void>>()
  let server: Server | undefined
  const sweeping = setInterval(() => {
    service.sweep()
    service.bound()
  }, SWEEP)
  try {
    for await (const message of ports[index]) {
      const { body } = message
      if (typeof body === 'number') message.answer(() => adopt(service, body, ended, reports))
      else if (isPlace(body)) await message.answerAsync(async () => told(((server = await listen(service, body)).address() as AddressInfo).port))
      else answer(service, message, body as readonly (readonly Arg[])[])
    }
  } finally {
    clearInterval(sweeping)
    const closing = server === undefined ? undefined : closed(server)      // first: who comes now is not let in
    await service.end()
    await Promise.all(reports)
    await closing
  }
}

const told = (n: number): Answers => ({ replies: [String(n)], rest: [] })

const isPlace = (body: Letter): body is Place => !Array.isArray(body)

function answer(service: Service, message: Message<Letter, Answers>, commands: readonly (readonly Arg[])[]): void {
  message.answer(() => {
    const answers = service.answers(commands), buffers = [...moving(answers.replies), ...moving(answers.rest)]
    return buffers.length === 0 ? answers : transfer(answers, buffers)
  })
}

// A connection that was accepted elsewhere: accept.ts.
function adopt(service: Service, descriptor: number, ended: Port<number>, reports: Set<Promise<void>>): Answers {
  const socket = new Socket({ fd: descriptor, readable: true, writable: true, allowHalfOpen: true })
  socket.on('close', () => {
    const report = ended.sendAsync(descriptor).finally(() => { reports.delete(report) })
    reports.add(report)
  })
  service.accept(socket)
  socket.resume()
  return told(descriptor)
}

async function listen(service: Service, { host, port, shared }: Place): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => { service.accept(socket) })
  const options: ListenOptions & { reusePort?: boolean } = { host, port, backlog: 511, ...shared && { reusePort: true } }
  server.listen(options)
  await once(server, 'listening')
  return server
}

async function closed(server: Server): Promise<void> {
  const closing = once(server, 'close')
  server.close()
  await closing
}
