'use strict'

const { Client } = require('pg')
const { dump } = require('../__test__/support/readable')

/** A database, seen beside the package. */
class Database {
  #url

  constructor(url) {
    this.#url = url
  }

  /** All tables, as bytes. */
  dump() {
    return dump((sql) => this.query(sql))
  }

  async query(sql, params) {
    const client = new Client({ connectionString: this.#url })
    await client.connect()
    try {
      return (await client.query(sql, params)).rows
    } finally {
      await client.end()
    }
  }
}

module.exports = { Database }
