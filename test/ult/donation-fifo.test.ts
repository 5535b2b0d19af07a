import { donations } from './donation.ts'

donations('fifo', true)
