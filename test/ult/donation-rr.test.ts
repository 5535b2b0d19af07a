import { donations } from './donation.ts'

donations('rr', true)
