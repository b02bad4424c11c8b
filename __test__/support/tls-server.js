'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Client } = require('pg')
const { certificates } = require('./certificates')
const { startPostgres } = require('./postgres')

/** A role of whom no password is asked. */
const UNASKED = 'unasked'

/** Copies a file into the server's data folder; PostgreSQL refuses a key that others may read or that is not its own. */
function install(server, source) {
  const { uid, gid } = fs.statSync(server.dataDir)
  const target = path.join(server.dataDir, path.basename(source))
  fs.copyFileSync(source, target)
  fs.chmodSync(target, 0o600)
  fs.chownSync(target, uid, gid)
}

/** Has the server show this certificate from now on. */
async function present(server, { cert, key }) {
  for (const file of [cert, key]) install(server, file)
  const admin = new Client({ connectionString: server.url() })
  await admin.connect()
  for (const [name, file] of Object.entries({ ssl_cert_file: cert, ssl_key_file: key })) {
    await admin.query(`ALTER SYSTEM SET ${name} = '${path.basename(file)}'`)
  }
  await admin.end()
  await server.restart()
}

/**
 * A PostgreSQL of its own that offers TLS and takes connections without TLS too. The role of the client's certificate
 * may log in by that certificate and by nothing else, that of `UNASKED` over TLS with nothing at all.
 */
async function startTlsServer() {
  const server = await startPostgres()
  try {
    const { authority, server: own, client } = certificates
    install(server, authority)
    const admin = new Client({ connectionString: server.url() })
    await admin.connect()
    await admin.query(`CREATE ROLE ${client.role} LOGIN SUPERUSER`)
    await admin.query(`CREATE ROLE ${UNASKED} LOGIN SUPERUSER`)
    await admin.query(`ALTER SYSTEM SET ssl_ca_file = '${path.basename(authority)}'`)
    await admin.query('ALTER SYSTEM SET ssl = on')
    await admin.end()

    const rules = path.join(server.dataDir, 'pg_hba.conf')
    fs.writeFileSync(
      rules,
      `hostssl all ${client.role} all cert
       hostnossl all ${client.role} all reject
       hostssl all ${UNASKED} all trust
       ${fs.readFileSync(rules, 'utf8')}`,
    )
    await present(server, own)
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

module.exports = { UNASKED, present, startTlsServer }
