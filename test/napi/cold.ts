// node build/test/napi/cold.js [RUNS]: that many cold runs of argon2 in processes of their own, each of which must give what is
// right. An engine that keeps a stale size of a memory which another thread has let grow traps in some of a hundred.

import { fileURLToPath } from 'node:url'
import { runProgram } from '../program.ts'

/** Runs argon2 cold, `runs` times; what was wrong, in words. */
export async function cold(runs: number): Promise<string[]> {
  const wrong: string[] = []
  for (let i = 1; i <= runs; i++) {
    const { code, signal, stdout, stderr, timedOut } = await runProgram(new URL('./fixtures/argon2.js', import.meta.url), { args: ['1:1'], timeout: 60_000 })
    if (code !== 0 || stdout !== 'right\n' || stderr !== '') wrong.push(`run ${i}: ${timedOut ? 'it hangs' : signal ?? code} ${stdout}${stderr}`)
  }
  return wrong
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const runs = Number(process.argv[2] ?? 100)
  const wrong = await cold(runs)
  for (const each of wrong) console.error(each)
  console.log(`${runs} cold runs of argon2 on Node ${process.version}, ${wrong.length} of them wrong`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}
