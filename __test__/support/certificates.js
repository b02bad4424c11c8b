'use strict'

const fs = require('node:fs')
const path = require('node:path')

const FOLDER = path.join(__dirname, '../data/tls')

const file = (name) => path.join(FOLDER, name)

/** Files that `__test__/data/tls/make.sh` made. */
const certificates = {
  /** Signed the server's and the client's certificate. */
  authority: file('authority.crt'),
  /** Signed neither. */
  anotherAuthority: file('another-authority.crt'),
  server: {
    cert: file('server.crt'),
    key: file('server.key'),
    /** What it is made out to. */
    hostName: 'database.test',
    address: '127.0.0.1',
  },
  client: {
    cert: file('client.crt'),
    key: file('client.key'),
    /** PKCS#12 archives of both. */
    archives: { modern: file('client.p12'), legacy: file('client-legacy.p12') },
    password: 'archive-password',
    /** Its common name, which the server takes for the role. */
    role: 'certified',
  },
}

const read = (name) => fs.readFileSync(name, 'utf8')

module.exports = { certificates, read }
