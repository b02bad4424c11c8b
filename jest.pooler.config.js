'use strict'

// What talks to the database, through a PgBouncer in transaction mode with 5 connections to the server.

module.exports = {
  ...require('./jest.config'),
  testPathIgnorePatterns: ['/node_modules/'],
  globals: { throughPooler: true },
}
