'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Client } = require('pg')
const { certificates } = require('./certificates')
const { startPostgres } = require('./postgres')

/** Copies a file into the server's data folder; PostgreSQL refuses a key that others may read or that is not its own. */
function install(server, source) {
  const { uid, gid } = fs.statSync(server.dataDir)
  const target = path.join(server.dataDir, path.basename(source))
  fs.copyFileSync(source, target)
  fs.chmodSync(target, 0o600)
  fs.chownSync(target, uid, gid)
}

/**
 * A PostgreSQL of its own that offers TLS and takes connections without TLS too. The role of the client's certificate
 * may log in by that certificate and by nothing else.
 */
async function startTlsServer() {
  const server = await startPostgres()
  try {
    const { authority, server: own, client } = certificates
    for (const file of [authority, own.cert, own.key]) install(server, file)
    const admin = new Client({ connectionString: server.url() })
    await admin.connect()
    await admin.query(`CREATE ROLE ${client.role} LOGIN SUPERUSER`)
    const settings = { ssl_ca_file: authority, ssl_cert_file: own.cert, ssl_key_file: own.key }
    for (const [name, file] of Object.entries(settings)) {
      await admin.query(`ALTER SYSTEM SET ${name} = '${path.basename(file)}'`)
    }
    await admin.query('ALTER SYSTEM SET ssl = on')
    await admin.end()

    const rules = path.join(server.dataDir, 'pg_hba.conf')
    fs.writeFileSync(
      rules,
      `hostssl all ${client.role} all cert
       hostnossl all ${client.role} all reject
       ${fs.readFileSync(rules, 'utf8')}`,
    )
    await server.restart()
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

module.exports = { startTlsServer }
