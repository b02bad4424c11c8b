'use strict'

/** The real client, end to end: unmodified Baileys in processes of their own, against a stand-in for WhatsApp's server. */

module.exports = {
  ...require('./jest.config'),
  testMatch: ['**/__test__/whatsapp/**/*.test.js'],
  testPathIgnorePatterns: ['/node_modules/'],
}
