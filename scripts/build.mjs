// npm run build [-- --clean] [-- dist]: compiles what changed; with --clean, everything; with dist, only what is packed.

import { exclusively, main, ready } from './bootstrap.mjs'
import { clean } from './compile.mjs'

await main(async () => {
  const args = process.argv.slice(2)
  const packed = args.includes('dist')
  if (args.includes('--clean')) await exclusively(clean)
  await ready({ tests: !packed, examples: !packed })
})
