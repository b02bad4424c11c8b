'use strict'

const exercise = require('./exercise.cjs')

exercise(require('baileys-postgres-auth'), 'commonjs')
