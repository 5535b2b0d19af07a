// However a thread ends, who joins it hears of it, and nothing of it is left.

import test from 'node:test'
import { plays } from '../program.ts'

const file = new URL('./fixtures/deaths.js', import.meta.url)
const scene = (name: string, ...args: string[]): Promise<void> => plays(file, name, { args })

const ways = [
  'throws', 'throws undefined', 'throws a string', 'throws what cannot be sent', 'rejects', 'leaves a rejection unheard',
  'calls process.exit(0)', 'calls process.exit(3)', 'calls process.exit(-1)', 'calls process.exit in a timer', 'never settles', 'never settles, with an exit code',
  'throws in a timer', 'overflows its stack', 'overflows a small stack',
  'has no file', 'throws at import', 'exits at import', 'has no such export',
  'is terminated while it spins', 'is terminated while it hangs', 'is terminated in its event loop', 'is terminated before it runs',
  'has a heap of 16 MiB', 'has a heap of 32 MiB', 'has no Worker script',
]
for (const way of ways) test(`join tells that a thread ${way}`, () => scene('death', way))

test('join tells that the host\'s Workers cannot start', () => scene('a bad host'))
test('join tells that the Worker of a factory does not serve', () => scene('a deaf factory'))
test('many threads that die at once are all joined', () => scene('the last threads end'))
test('the threads that a dead thread created go on and can be joined', () => scene('children of the dead go on'))
test('after fifty deaths no record is lost and new threads run', () => scene('many deaths leave nothing'))
test('objects that only a dead thread held are freed', () => scene('the objects of the dead are freed'))

for (const on of ['mutex', 'condition', 'semaphore', 'join'])
  test(`a thread that is terminated asleep on a ${on} leaves it whole`, () => scene('terminated asleep', on))

test('a thread that ends while its joinAsync is under way leaves the other thread joinable', () => scene('a thread that ends with a joinAsync under way gives up its claim'))
test('a thread that dies while its joinAsync is under way leaves the other thread joinable', () => scene('a thread that dies with a joinAsync under way gives up its claim'))
test('a mutex that a dead thread held stays held, and says so', () => scene('a mutex stays held'))
test('a thread that is terminated with the output lock leaves it free', () => scene('terminated with the output lock'))
test('a thread that is terminated before it begins on a parked Worker does not run', () => scene('terminated at once, from the cache'))
test('a thread that is terminated as it ends is joined either way', () => scene('terminated as it ends'))
test('terminating a thread that has ended does nothing', () => scene('terminate of what has ended'))
test('a thread on a factory\'s Worker can be terminated', () => scene('a factory\'s thread is terminated'))
test('a thread on a factory\'s Worker that calls process.exit is joined', () => scene('a factory\'s thread exits'))
test('a thread whose join timed out dies and is joined', () => scene('a timed join comes first'))
