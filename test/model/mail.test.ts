// The post office, in every order in which letters can be read: test/model/stories/mail.ts.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { withBug, type Bug } from './model.ts'
import { explore } from './stories/mail.ts'

function model(name: string, story: string): void {
  test(name, () => {
    const { verdict, orders } = explore(story)
    assert.equal(verdict, '')
    assert.ok(orders > 10, `${orders} orders`)
  })
}

function twin(name: string, story: string, bug: Bug, found: RegExp): void {
  test(`twin: ${name}`, () => withBug(`mail.${story}`, bug, async folder => {
    const copy = await import(pathToFileURL(join(folder, 'build/test/model/stories/mail.js')).href) as { explore: typeof explore }
    const { verdict, replayed } = copy.explore(story)
    assert.match(verdict, found)
    assert.ok(replayed)
  }))
}

model('what was left is fetched, whichever line is read first', 'fetch')
model('what was left and is dropped is closed, whichever line is read first', 'drop')
model('what a heap has left before it died is fetched, or dropped', 'whoLeftItDies')
model('a heap that fetches something and dies leaves nothing open', 'whoFetchesItDies')
model('nor does one that drops something and dies', 'whoDropsItDies')
model('a link to a heap that dies, or is dead, is closed', 'linkToTheDead')
model('a link from a heap that is dead is there still', 'linkFromTheDead')
model('what is lent goes round, and is closed when it is dropped', 'lend')
model('a borrower dies: the next one gets it, or hears that it is lost', 'borrowerDies')
model('a borrower dies before it is answered: the next one gets it, or hears that it is lost', 'whoBorrowsItDies')
model('what was never left is told to be lost, and nothing is remembered of it', 'whatWasNeverLeft')

const file = 'kernel/office.ts'

twin('a fetch that looks at its own line alone', 'fetch', { file, from: '    if (!this.#keys.has(key)) this.#readAll()\n', to: '' }, /is lost for heap/)
twin('a drop that does not look again', 'drop', { file, from: '        this.#drop(key, true)\n', to: '' }, /keys are left/)
twin('a drop that looks again without having read the other lines', 'drop', {
  file, from: '      if (!again) host.nextTurn(() => {                                   // O4\n        this.#readAll()\n', to: '      if (!again) host.nextTurn(() => {\n',
}, /keys are left/)
twin('a dead heap whose last letters nobody reads', 'whoLeftItDies', { file, from: '      this.#read(port)\n      port.close()\n', to: '      port.close()\n' }, /is lost for heap|ports are open/)
twin('a thing that goes to the dead and is not closed', 'whoFetchesItDies', {
  file, from: '      if (thing.use === \'once\') this.#end(key, thing)                     // O2: HERE -> absent\n', to: '      void thing\n',
}, /keys are left/)
twin('a link that outlives its reader', 'linkToTheDead', { file, from: 'state.reader === carrier) return', to: 'state.reader === -carrier) return' }, /keys are left/)
twin('a link that comes when its reader is dead', 'linkToTheDead', { file, from: ' ?? -1) >= reader.serial', to: ' ?? -1) > reader.serial' }, /keys are left/)
twin('a loan that who waits is not told of', 'lend', { file, from: '    if (state?.name === \'LENT\') for (const to of state.waiting) this.#fetch(key, to)\n', to: '' }, /waits for ever/)
twin('a loss that who waits is not told of', 'borrowerDies', {
  file, from: '    this.#keys.set(key, LOST)                                             // LENT -> LOST\n    for (const to of state.waiting) this.#fetch(key, to)\n',
  to: '    this.#keys.set(key, LOST)\n',
}, /waits for ever/)
twin('a loan that is lost with a heap which never had it', 'whoBorrowsItDies', {
  file, from: '    if (!this.#send(to, { key, thing })) {', to: '    if (!this.#send(to, { key, thing }) && thing.use === \'once\') {',
}, /waits for ever|keys are left|ports are open/)
