// Error numbers, Linux's values. Kernel and library return them as POSIX does; the faces throw ErrnoError.

export const EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EAGAIN = 11, ENOMEM = 12, EBUSY = 16, EEXIST = 17, EINVAL = 22, EPIPE = 32, ERANGE = 34, EDEADLK = 35,
  ENAMETOOLONG = 36, ENOSYS = 38, EOVERFLOW = 75, ENOTSUP = 95, ETIMEDOUT = 110, ECANCELED = 125, EOWNERDEAD = 130, ENOTRECOVERABLE = 131

/** Names by number. */
export const errnoNames: Readonly<Record<number, string>> = {
  1: 'EPERM', 2: 'ENOENT', 3: 'ESRCH', 4: 'EINTR', 11: 'EAGAIN', 12: 'ENOMEM', 16: 'EBUSY', 17: 'EEXIST', 22: 'EINVAL', 32: 'EPIPE', 34: 'ERANGE', 35: 'EDEADLK', 36: 'ENAMETOOLONG',
  38: 'ENOSYS', 75: 'EOVERFLOW', 95: 'ENOTSUP', 110: 'ETIMEDOUT', 125: 'ECANCELED', 130: 'EOWNERDEAD', 131: 'ENOTRECOVERABLE',
}
