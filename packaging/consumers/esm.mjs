import * as auth from 'baileys-postgres-auth'
import exercise from './exercise.cjs'

await exercise(auth, 'esm')
