'use strict'

const { providers } = require('./providers')
const { World } = require('./world')

const parts = [
  require('./suite/record-types'),
  require('./suite/values'),
  require('./suite/ids'),
  require('./suite/calls'),
  require('./suite/copies'),
  require('./suite/order'),
  require('./suite/credentials'),
  require('./suite/accounts'),
]

describe.each(providers.map((provider) => [provider.name, provider]))('%s', (_, provider) => {
  const world = new World()
  beforeAll(() => world.setUp(provider))
  afterAll(() => world.tearDown())

  for (const part of parts) part(world, provider)
})
