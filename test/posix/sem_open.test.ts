// sem_open, sem_close, sem_unlink.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EEXIST, EINVAL, ENAMETOOLONG, ENOENT, ENOSYS, O_CREAT, O_EXCL, sem_close, sem_getvalue, sem_open, sem_post, sem_trywait, sem_unlink, SEM_VALUE_MAX,
  sem_wait,
} from 'pthreads/posix'
import { kernel } from '#internal/kernel/process.js'
import { baseline, nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newSem, newWord, ok, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

const out = newWord()

function open(name: string, oflag = 0, value = 0): number {
  ok(sem_open(m, out, name, oflag, 0o600, value))
  return word(out)
}

function refused(name: string, oflag = 0, value = 0): number {
  m.i32[out >>> 2] = 1234
  const errno = sem_open(m, out, name, oflag, 0o600, value)
  assert.equal(word(out), 1234)
  return errno
}

function valueOf(sem: number): number {
  const value = newWord()
  ok(sem_getvalue(m, sem, value))
  return word(value)
}

test('shall establish a connection between a named semaphore and a process; the semaphore may be used in subsequent calls', () => {
  const sem = open('/a', O_CREAT, 1)
  ok(sem_trywait(m, sem))
  const t = create(work.semWait, sem)
  asleep(t, 'semaphore')
  ok(sem_post(m, sem))
  assert.equal(join(t), 0)
  ok(sem_close(m, sem))
  ok(sem_unlink('/a'))
})

test('O_CREAT: the semaphore is created with the initial value, if it does not already exist', () => {
  for (const value of [0, 1, SEM_VALUE_MAX]) {
    const sem = open('/b', O_CREAT, value)
    assert.equal(valueOf(sem), value)
    ok(sem_close(m, sem))
    ok(sem_unlink('/b'))
  }
})

test('O_CREAT has no effect on a semaphore that exists already, except as noted under O_EXCL', () => {
  const sem = open('/c', O_CREAT, 3)
  assert.equal(open('/c', O_CREAT, 7), sem)
  assert.equal(valueOf(sem), 3)
  ok(sem_close(m, sem))
  ok(sem_close(m, sem))
  ok(sem_unlink('/c'))
})

test('if a process makes multiple successful calls with the same value for name, the same semaphore address shall be returned for each: from every thread', () => {
  const sem = open('/d', O_CREAT)
  assert.equal(open('/d'), sem)
  assert.equal(inThread(work.semOpen, { name: '/d' }), sem)
  for (let i = 0; i < 3; i++) ok(sem_close(m, sem))
  ok(sem_unlink('/d'))
})

test('shall fail with EEXIST: O_CREAT and O_EXCL are set and the named semaphore already exists; O_EXCL alone has no effect', () => {
  const sem = open('/e', O_CREAT | O_EXCL, 1)
  assert.equal(refused('/e', O_CREAT | O_EXCL, 1), EEXIST)
  assert.equal(open('/e', O_EXCL), sem)
  ok(sem_close(m, sem))
  ok(sem_close(m, sem))
  ok(sem_unlink('/e'))
})

test('of threads that create with O_EXCL at once, one succeeds', () => {
  const threads = [1, 2, 3, 4].map(value => create(work.semOpen, { name: '/race', oflag: O_CREAT | O_EXCL, value }))
  const results = threads.map(join) as number[]
  assert.equal(results.filter(result => result === -EEXIST).length, 3)
  ok(sem_close(m, results.find(result => result > 0)!))
  ok(sem_unlink('/race'))
})

test('shall fail with ENOENT: O_CREAT is not set and the named semaphore does not exist', () => {
  assert.equal(refused('/f'), ENOENT)
  assert.equal(refused('/f', O_EXCL), ENOENT)
})

test('shall fail with EINVAL: O_CREAT was specified and value was greater than {SEM_VALUE_MAX}', () => {
  for (const value of [SEM_VALUE_MAX + 1, 2 ** 32, -1, NaN]) assert.equal(refused('/g', O_CREAT, value), EINVAL)
  assert.equal(refused('/g'), ENOENT)
})

test('shall fail with EINVAL: the operation is not supported for the given name', () => {
  for (const name of ['', '/', '/a/b', 'a/b', '//a', '/a\0b']) assert.equal(refused(name, O_CREAT), EINVAL, JSON.stringify(name))
})

test('a name without its slash is the same name', () => {
  const sem = open('/h', O_CREAT)
  assert.equal(open('h'), sem)
  ok(sem_close(m, sem))
  ok(sem_close(m, sem))
  ok(sem_unlink('h'))
})

test('names are told apart by every character, and may be of any', () => {
  const names = ['/Ä', '/ä', '/a ', '/semaphore with spaces', '/日本', `/${'x'.repeat(255)}`], sems = names.map((name, i) => open(name, O_CREAT, i))
  assert.equal(new Set(sems).size, names.length)
  names.forEach((name, i) => { assert.equal(open(name), sems[i]) })
  names.forEach((name, i) => {
    ok(sem_close(m, sems[i]))
    ok(sem_close(m, sems[i]))
    ok(sem_unlink(name))
  })
})

test('may fail with ENAMETOOLONG: the length of a pathname component is longer than {NAME_MAX}, in bytes', () => {
  for (const name of [`/${'x'.repeat(256)}`, `/${'ä'.repeat(128)}`, 'x'.repeat(5000)]) {
    assert.equal(refused(name, O_CREAT), ENAMETOOLONG)
    assert.equal(sem_unlink(name), ENAMETOOLONG)
  }
})

test('EINVAL for a flag that is none; the access modes of open() are accepted, since a semaphore is for reading and writing', () => {
  assert.equal(refused('/i', O_CREAT | 0o1000), EINVAL)
  ok(sem_close(m, open('/i', O_CREAT | 2)))
  ok(sem_unlink('/i'))
})

test('ENOSYS for a memory that is not the process\'s: named semaphores are there', () => {
  assert.equal(sem_open(kernel, out, '/j', O_CREAT), ENOSYS)
  assert.equal(refused('/j'), ENOENT)
})

test('sem_close() shall indicate that the process is finished using the semaphore: it stays, with its value, until it is unlinked', () => {
  const sem = open('/k', O_CREAT, 5)
  ok(sem_wait(m, sem))
  ok(sem_close(m, sem))
  assert.equal(valueOf(open('/k')), 4)
  ok(sem_close(m, sem))
  ok(sem_unlink('/k'))
})

test('sem_close() fails with EINVAL: sem is not a named semaphore, or is open no more', () => {
  const sem = open('/l', O_CREAT)
  ok(sem_close(m, sem))
  for (const none of [sem, newSem(0), 0, sem + 4, -16]) assert.equal(sem_close(m, none), EINVAL)
  assert.equal(sem_close(kernel, sem), EINVAL)
  ok(sem_unlink('/l'))
  assert.equal(sem_close(m, sem), EINVAL)
})

test('sem_unlink() shall remove the semaphore named by the string name; calls to sem_open() after that refer to a new one', () => {
  const old = open('/m', O_CREAT, 1)
  ok(sem_unlink('/m'))
  assert.equal(refused('/m'), ENOENT)
  const young = open('/m', O_CREAT | O_EXCL, 2)
  assert.notEqual(young, old)
  assert.deepEqual([valueOf(old), valueOf(young)], [1, 2])
  ok(sem_close(m, old))
  assert.equal(open('/m'), young)
  ok(sem_close(m, young))
  ok(sem_close(m, young))
  ok(sem_unlink('/m'))
})

test('if one or more processes have the semaphore open when sem_unlink() is called, destruction is postponed until all references have been closed', () => {
  const sem = open('/n', O_CREAT, 0)
  assert.equal(inThread(work.semOpen, { name: '/n' }), sem)
  const t = create(work.semWait, sem)
  asleep(t, 'semaphore')
  assert.equal(inThread(work.semUnlink, '/n'), 0)
  ok(sem_close(m, sem))
  ok(sem_post(m, sem))
  assert.equal(join(t), 0)
  assert.equal(inThread(work.semClose, sem), 0)
  assert.equal(sem_close(m, sem), EINVAL)
})

test('sem_unlink() shall fail with ENOENT: the named semaphore does not exist', () => {
  for (const name of ['/none', 'none', '', '/', '/a/b']) assert.equal(sem_unlink(name), ENOENT)
})

test('what was closed and unlinked leaves nothing, in whichever order', async () => {
  const since = baseline()
  for (let round = 0; round < 50; round++) {
    const sems = ['/x', '/y', '/z'].map(name => open(name, O_CREAT))
    for (const i of [1, 0, 2]) {
      if (round % 2 === 0) ok(sem_unlink(`/${'xyz'[i]}`))
      ok(sem_close(m, sems[i]))
      if (round % 2 !== 0) ok(sem_unlink(`/${'xyz'[i]}`))
    }
  }
  await nothingLeft(since)
})
