// The headers of `pthreads cc` beside those of the C library, and what they declare that WASI does not have.

import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noClang, pthreads, run } from './programs.ts'

const HEADERS = ['pthread', 'sys/types', 'sys/wait', 'sys/stat', 'sys/resource', 'signal', 'semaphore', 'sched', 'time', 'pthreads/port', 'unistd', 'errno', 'limits']

const MAIN = `
#define CHECK(condition) if (!(condition)) return __LINE__
static pthread_once_t once;
static int ran;
static void run(void) { ran++; }
static volatile sig_atomic_t caught;
static void handler(int signo) { caught = signo; }
int main(void) {
  sigset_t pending;
  struct rusage used;
  once = PTHREAD_ONCE_INIT;
  CHECK(pthread_once(&once, run) == 0 && pthread_once(&once, run) == 0 && ran == 1);
  CHECK(wait(0) == -1 && errno == ECHILD);
  CHECK(waitpid(-1, 0, WNOHANG) == -1 && errno == ECHILD);
  CHECK(waitpid(-1, 0, 1 << 20) == -1 && errno == EINVAL);
  CHECK(WIFEXITED(7 << 8) && WEXITSTATUS(7 << 8) == 7 && !WIFSIGNALED(7 << 8));
  CHECK(WIFSIGNALED(SIGABRT) && WTERMSIG(SIGABRT) == SIGABRT && !WIFEXITED(SIGABRT));
  CHECK(chmod("/", 0700) == -1 && errno == ENOSYS);
  CHECK(fchown(1, 0, 0) == -1 && errno == ENOSYS);
  CHECK(setpriority(PRIO_PROCESS, 0, 1) == -1 && errno == ENOSYS);
  CHECK(getuid() == 0 && getegid() == 0);
  CHECK(getrusage(RUSAGE_SELF, &used) == 0 && used.ru_utime.tv_sec * 1000000 + used.ru_utime.tv_usec > 0);
  CHECK(getrusage(RUSAGE_CHILDREN, &used) == 0 && used.ru_utime.tv_sec == 0 && used.ru_utime.tv_usec == 0);
  CHECK(getrusage(77, &used) == -1 && errno == EINVAL);
  CHECK(sigset(SIGUSR1, handler) == SIG_DFL);
  CHECK(raise(SIGUSR1) == 0 && caught == SIGUSR1);
  caught = 0;
  CHECK(sighold(SIGUSR1) == 0 && raise(SIGUSR1) == 0 && caught == 0);
  CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
  CHECK(sigset(SIGUSR1, SIG_HOLD) == SIG_HOLD && caught == 0);
  CHECK(sigpause(SIGUSR1) == -1 && errno == EINTR && caught == SIGUSR1);
  caught = 0;
  CHECK(raise(SIGUSR1) == 0 && caught == 0 && sigrelse(SIGUSR1) == 0 && caught == SIGUSR1);
  CHECK(sigignore(SIGUSR1) == 0 && raise(SIGUSR1) == 0);
  CHECK(sighold(NSIG) == -1 && errno == EINVAL && sigset(NSIG, handler) == SIG_ERR);
  return 0;
}
`

// Skipped where there is no clang for WebAssembly; .ci/run installs one.
for (const [how, order] of [['', HEADERS], [' in the other order', [...HEADERS].reverse()]] as const) {
  test(`the headers agree with those of the C library${how}, and what is not there is refused`, { skip: noClang }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pthreads-headers-'))
    try {
      const source = join(folder, 'main.c'), out = join(folder, 'main.wasm')
      writeFileSync(source, ['#define _GNU_SOURCE', ...order.map(name => `#include <${name}.h>`), MAIN].join('\n'))
      const compiled = await pthreads(['cc', '-std=c11', '-Wall', '-Wextra', '-Werror', source, '-o', out])
      assert.deepEqual({ code: compiled.code, stderr: compiled.stderr }, { code: 0, stderr: '' })
      const { code, stdout, stderr } = await run(out, [])
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' }, `line ${code} of the program`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}
