// Work of a fixed number of steps, and a number that depends on all of them. No compiler makes one step of two of these.

static inline unsigned work(unsigned x, int steps) {
  x |= 1;
  for (int i = 0; i < steps; i++) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
  }
  return x;
}
