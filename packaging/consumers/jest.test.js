'use strict'

const exercise = require('./exercise.cjs')

test('the package works in Jest', () => exercise(require('baileys-postgres-auth'), 'jest'))
