// The chain that a client of WhatsApp checks, under a root of our own: the clients of the tests are told its key.

import { Curve, proto } from 'baileys'

/** Of the root, as WhatsApp has it. */
const ROOT_SERIAL = 0

const { NoiseCertificate } = proto.CertChain

function sign(issuer, details) {
  const bytes = NoiseCertificate.Details.encode(details).finish()
  return { details: bytes, signature: Curve.sign(issuer.private, bytes) }
}

/** A new server: its `keyPair`, the `certificate` it shows, and the public key of the `root` that stands behind it. */
export function makeIdentity() {
  const root = Curve.generateKeyPair()
  const intermediate = Curve.generateKeyPair()
  const keyPair = Curve.generateKeyPair()
  const certificate = proto.CertChain.encode({
    intermediate: sign(root, { serial: 1, issuerSerial: ROOT_SERIAL, key: intermediate.public }),
    leaf: sign(intermediate, { serial: 2, issuerSerial: 1, key: keyPair.public }),
  }).finish()
  return { keyPair, certificate, root: root.public }
}
