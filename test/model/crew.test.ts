import { model, twin } from './model.ts'

model('a hint is read once, whoever else posts: every interleaving', 'crew.hints', { bound: 2, schedules: 20_000, search: 12_000 })
model('two hints by one thread', 'crew.hintsInTurn', { bound: 3, schedules: 20_000, search: 12_000 })
model('two fibers are offered, and two carriers begin each once', 'crew.offers', { bound: 1, schedules: 8000, search: 6000 })
model('two fibers are offered by one thread, at two places', 'crew.offersInTurn', { bound: 2, schedules: 8000, search: 6000 })
model('what is offered at the place of a busy carrier is begun by another one', 'crew.busy', { bound: 3, schedules: 8000, search: 6000 })
model('a fiber that is offered twice is begun once', 'crew.twice', { bound: 1, schedules: 8000, search: 6000 })
model('what is offered beside a blocking section is begun by the spare carrier', 'crew.blocking', { bound: 3, schedules: 8000, search: 6000 })

model('what a carrier gives back before it blocks is begun by the spare one', 'crew.givesBack', { bound: 2, schedules: 8000, search: 6000 })
model('a carrier dies at any step when it gives back what it took: another one begins it', 'crew.giverDies', { bound: 1, schedules: 2500, search: 2500 })
model('who offers dies at any step: what others offer is begun', 'crew.posterDies', { bound: 1, schedules: 2500, search: 2500 })
model('who hints dies at any step: what others hint at is seen', 'crew.hinterDies', { bound: 1, schedules: 2500, search: 2500 })
model('a carrier dies at any step: another one begins what it took', 'crew.carrierDies', { bound: 1, schedules: 2500, search: 2500 })

model('a fiber that is for one carrier is begun there', 'crew.pinned', { bound: 2, schedules: 8000, search: 6000 })
model('a carrier dies at any step: the fiber that is for it alone has begun, or is settled, or refused', 'crew.pinnedCarrierDies', { bound: 1, schedules: 2500, search: 2500 })

const setsBell = '  store(kernel, placeRecord(i) + bell, 1)\n  or(kernel, idleWord(i), 1 << (i & 31))\n  if (!pressing(i)) return true\n'

twin('a carrier that looks before it sets its bell', 'crew.hints', {
  file: 'kernel/crew.ts', from: setsBell,
  to: '  const quiet = !pressing(i)\n  store(kernel, placeRecord(i) + bell, 1)\n  or(kernel, idleWord(i), 1 << (i & 31))\n  if (quiet) return true\n',
}, /assertion: after: .*how often each was seen/)

twin('a hint that rings before it is there', 'crew.hintsInTurn', {
  file: 'kernel/crew.ts', from: '  put(hintsOf(i), placeRecord(i) + hintTail, slot)\n  ring(i)\n', to: '  ring(i)\n  put(hintsOf(i), placeRecord(i) + hintTail, slot)\n',
}, /assertion: after: .*how often each was seen/)

twin('a reader that goes on behind a hint that is not yet written', 'crew.hints', {
  file: 'kernel/crew.ts', from: '    if (slot < 0) break                                                   // C4\n', to: '    if (slot < 0) continue\n',
}, /assertion: after: .*how often each was seen/)

twin('an offer that wakes nobody but the carrier of its place', 'crew.busy', {
  file: 'kernel/crew.ts', from: '    if (load(kernel, placeRecord(j) + bell) === 0 || !mayTake(j, i)) continue\n', to: '    if (j !== i) continue\n',
}, /assertion: after: .*how often each was seen/)

twin('an offer that asks who is idle before it is there', 'crew.busy', {
  file: 'kernel/crew.ts', from: '  put(offersOf(i), placeRecord(i) + offerTail, slot)\n  if (!anyIdle()) return\n',
  to: '  const nobody = !anyIdle()\n  put(offersOf(i), placeRecord(i) + offerTail, slot)\n  if (nobody) return\n',
}, /assertion: after: .*how often each was seen/)

twin('a fiber that is begun by whoever finds it', 'crew.twice', {
  file: 'kernel/crew.ts', from: '  if (cas(kernel, t + ThreadRecord.claim, 1, self.carrier + 1) !== 1) return false   // C2\n', to: '  store(kernel, t + ThreadRecord.claim, self.carrier + 1)\n',
}, /assertion: after: .*how often each was seen/)

twin('a blocking section that tells nobody', 'crew.blocking', {
  file: 'kernel/crew.ts', from: '  if (inside) for (let j = placeCount() - 1; j >= 0; j--) if (j !== i) ring(j)\n', to: '',
}, /assertion: after: .*how often each was seen/)

twin('a carrier that gives back what it goes on holding', 'crew.givesBack', {
  file: 'kernel/crew.ts', from: '  store(kernel, record(slot) + ThreadRecord.claim, 1)\n  offer(i, slot)\n', to: '  offer(i, slot)\n',
}, /assertion: after: .*how often each was seen/)

twin('a carrier that gives back what it tells nobody of, and dies', 'crew.giverDies', {
  file: 'kernel/crew.ts', from: '  poke(kernel, placeRecord(i) + taking, slot)\n', to: '',
}, /assertion: after: .*how often each was seen/, { bound: 1 })

twin('a reaper that leaves the gap of the dead in a ring', 'crew.posterDies', {
  file: 'kernel/crew.ts', from: 'fill(offersOf(i), load(kernel, p + offerHead), load(kernel, p + offerTail))', to: 'void fill',
}, /assertion: after: .*was begun/, { bound: 1 })

twin('a reaper that forgets what the dead had taken off a ring and not begun', 'crew.carrierDies', {
  file: 'kernel/crew.ts', from: '    } else if (word !== 1 || slot !== half) {\n', to: '    } else {\n',
}, /assertion: after: .*was begun/, { bound: 1 })

twin('a reaper that leaves the dead idle', 'crew.carrierDies', {
  file: 'kernel/fiber.ts', from: '  getUp(i)                                                                // it may have died asleep\n', to: '  store(kernel, p + Place.bell, 0)\n',
}, /assertion: after: .*not idle/, { bound: 1 })

twin('a reaper that takes a bell that was rung for one that woke', 'crew.posterDies', {
  file: 'kernel/crew.ts', from: '    store(kernel, p + bell, 0)\n    resume(kernel, p + bell)\n', to: '    ring(i)\n',
}, /assertion: after: .*was begun/, { bound: 1 })

twin('a fiber that is for a carrier which has died just then', 'crew.pinnedCarrierDies', {
  file: 'kernel/fiber.ts', from: '  if (load(kernel, word) === n) return true\n', to: '  if (n !== 0) return true\n',
}, /assertion: after: .*begun, refused or settled/, { bound: 1 })

twin('a reaper that offers others what was for the dead alone', 'crew.pinnedCarrierDies', {
  file: 'kernel/death.ts', from: '(Flag.PORT | Flag.PINNED)) !== 0', to: 'Flag.PORT) !== 0',
}, /assertion: after: .*begun, refused or settled/, { bound: 1 })
