// A progress bar on a terminal, a few plain lines elsewhere. Both go to stderr: the report alone goes to stdout.

import { SingleBar } from 'cli-progress'
import { WriteStream, isatty } from 'node:tty'

/** Shows how far a run is, in megabytes. */
export type Progress = {
  update(done: number): void
  stop(): void
}

/** Starts to show progress towards `total` megabytes. */
export function showProgress(label: string, total: number): Progress {
  return isatty(2) ? bar(label, total) : lines(label, total)
}

/** Shows nothing: for --json. */
export function hideProgress(): Progress {
  return { update() {}, stop() {} }
}

// The bar is drawn by update, not by a timer: the thread that shows it is blocked in join between two updates.
// A Worker's process.stderr waits for an event loop to turn; a stream of our own on the terminal does not.

let terminal: WriteStream | undefined

function bar(label: string, total: number): Progress {
  const bar = new SingleBar({
    format: `${label.padEnd(16)} {bar} {percentage} %  {value} of {total} MB`,
    barCompleteChar: '█', barIncompleteChar: '░', barsize: 40,
    fps: 20, hideCursor: true, clearOnComplete: true, stream: terminal ??= new WriteStream(2),
  })
  bar.start(Math.ceil(total), 0)
  return {
    update: done => bar.update(Math.floor(done)),
    stop: () => bar.stop(),
  }
}

function lines(label: string, total: number): Progress {
  let last = performance.now()
  console.error(`${label}: ${total.toFixed(1)} MB to read`)
  return {
    update(done) {
      if (performance.now() - last < 1000) return
      last = performance.now()
      console.error(`${label}: ${done.toFixed(1)} of ${total.toFixed(1)} MB`)
    },
    stop() {},
  }
}
