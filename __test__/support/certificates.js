'use strict'

const fs = require('node:fs')
const path = require('node:path')

const FOLDER = path.join(__dirname, '../data/tls')

const file = (name) => path.join(FOLDER, name)

const pair = (name) => ({ cert: file(`${name}.crt`), key: file(`${name}.key`) })

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
    /** Other certificates of its, by what is the matter with them. */
    odd: {
      expired: pair('server-expired'),
      notYetValid: pair('server-not-yet-valid'),
      selfSigned: pair('server-self-signed'),
      selfSignedExpired: pair('server-self-signed-expired'),
    },
  },
  client: {
    cert: file('client.crt'),
    key: file('client.key'),
    /** PKCS#12 archives of both. */
    archives: { modern: file('client.p12'), legacy: file('client-legacy.p12') },
    archiveWithoutPassword: file('client-without-password.p12'),
    password: 'archive-password',
    /** Its common name, which the server takes for the role. */
    role: 'certified',
  },
}

const read = (name) => fs.readFileSync(name, 'utf8')

module.exports = { certificates, read }
