import { model, twin } from './model.ts'

const most = { schedules: 3000, search: 2500 }

model('fibers that any carrier may go on with take each step once, in order', 'migration.walks', { bound: 2, ...most })
model('also when they take along what has no room in their record', 'migration.bears', { bound: 1, ...most })
model('also when they come back', 'migration.walksBack', { bound: 1, ...most })
model('a signal to a fiber on its way between carriers: its handler runs once', 'migration.signalled', { bound: 2, ...most })
model('a carrier dies at any step when it lends a fiber: that ends, or another carrier goes on with it', 'migration.lenderDies', { bound: 2, ...most })

model('a priority that is given to a fiber on its way between carriers: who goes on with it knows it', 'migration.given', { bound: 3, ...most })

const lends = `  if (isDue(fiber.slot, SIGNAL | CANCEL) || !body.pack(fiber.at + ThreadRecord.room)) return
  fiber.phase = Phase.LENT
  lent.push(fiber)
  lend(here.place, fiber.slot)
`
twin('a carrier that lends what it has not packed yet', 'migration.walks', {
  file: 'ult/migration.ts', from: lends, to: lends.replace(/.*\n/, '').replace(/(.*\n)$/, '$1  body.pack(fiber.at + ThreadRecord.room)\n'),
}, /assertion: /)

twin('a carrier that runs what it has lent without a claim', 'migration.walks', {
  file: 'ult/migration.ts', from: '  if (claim(slot)) {\n', to: '  if (claim(slot) || slot > 0) {\n',
}, /assertion: /)

twin('a shadow that unpacks what another carrier has', 'migration.bears', {
  file: 'ult/runnable.ts', from: '  body.gone(fiber.slot)\n', to: '  body.unpack(fiber.at + ThreadRecord.room)\n',
}, /assertion: /, { bound: 2, schedules: 20_000, search: 10_000 })

twin('a shadow that goes on with what it knew', 'migration.walksBack', {
  file: 'ult/runnable.ts', from: '  body.unpack(fiber.at + ThreadRecord.room)\n', to: '  void body\n',
}, /assertion: /, { bound: 2, schedules: 20_000, search: 10_000 })

twin('who claims a fiber does not look whether something is pending', 'migration.signalled', {
  file: 'ult/runnable.ts', from: '  fiber.told = isDue(slot, SIGNAL)                                        // C6 of crew.ts\n', to: '  void slot\n',
}, /assertion: /, { bound: 2, schedules: 20_000, search: 10_000 })

twin('a reaper that buries what the dead had lent', 'migration.lenderDies', {
  file: 'kernel/death.ts', from: '  return hasBegun(t) ? holderOf(slot) : peek(kernel, t + ThreadRecord.carrier)\n', to: '  return peek(kernel, t + ThreadRecord.carrier) + 0 * slot\n',
}, /assertion: after: /, { bound: 1 })

twin('a reaper that does not offer what the dead was about to offer', 'migration.lenderDies', {
  file: 'kernel/crew.ts', from: '    const begun = peek(kernel, t + ThreadRecord.state) === State.RUNNING\n', to: '    const begun = false\n',
}, /assertion: after: .*it has ended, or somebody goes on with it/, { bound: 1 })

const gives = `  store(kernel, t + ThreadRecord.priority, priority)
`, tells = `  if ((peek(kernel, t + ThreadRecord.flags) & Flag.FIBER) !== 0) hint(slot)
`
twin('who gives a priority hints before it is written', 'migration.given', {
  file: 'pthread/sched.ts', from: gives + tells, to: tells + gives,
}, /assertion: after: .*and knows its priority/, { bound: 3 })

twin('who claims a fiber says so after it has read what that is', 'migration.given', {
  file: 'kernel/crew.ts', from: '  store(kernel, t + ThreadRecord.carrier, self.carrier)                   // C6\n', to: '  void t\n',
}, /assertion: after: .*and knows its priority/, { bound: 3 })
