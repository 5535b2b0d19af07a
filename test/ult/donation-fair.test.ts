import { donations } from './donation.ts'

donations('fair', false)
