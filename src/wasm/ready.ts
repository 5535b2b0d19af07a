// What a descriptor can be ready for.  IN and OUT are also what is asked for; HUP, its other end is gone, and NVAL, it is none, are told unasked.

export const IN = 1, OUT = 2, HUP = 4, NVAL = 8
