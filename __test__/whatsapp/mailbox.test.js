'use strict'

const message = (id) => ({ tag: 'message', attrs: { id, from: 'ada' } })
const receipt = (id) => ({ class: 'message', id })

let Mailbox
let sent
let device

beforeAll(async () => {
  ;({ Mailbox } = await import('../support/whatsapp/mailbox.mjs'))
})

beforeEach(() => {
  sent = []
  device = { send: ({ attrs }) => sent.push(attrs.id), caughtUp: () => sent.push('all') }
})

const withWaiting = (...ids) => {
  const mailbox = new Mailbox()
  for (const id of ids) mailbox.post(message(id))
  mailbox.open(device)
  return mailbox
}

test('what comes while a device catches up is sent when it has', () => {
  const mailbox = withWaiting('1', '2')
  mailbox.post(message('3'))
  mailbox.acknowledge(receipt('2'))
  expect(sent).toEqual(['1', '2'])
  mailbox.acknowledge(receipt('1'))
  expect(sent).toEqual(['1', '2', 'all', '3'])
})

test('what was not acknowledged when a connection broke comes again', () => {
  const mailbox = withWaiting('1', '2')
  mailbox.acknowledge(receipt('1'))
  mailbox.close()
  mailbox.open(device)
  expect(sent).toEqual(['1', '2', '2'])
})

test('the refusal of a message that was asked for again leaves the one that was sent again', async () => {
  const mailbox = withWaiting('1', '2')
  mailbox.acknowledge(receipt('1'))
  mailbox.expectRefusal(receipt('1'))
  mailbox.post(message('1'))
  mailbox.refuse(receipt('1'))
  mailbox.acknowledge(receipt('2'))
  expect(sent).toEqual(['1', '2', 'all', '1'])
  expect(mailbox.size).toBe(1)
  mailbox.refuse(receipt('1'))
  await mailbox.emptied()
})
