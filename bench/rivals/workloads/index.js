'use strict'

/**
 * The workloads by name. Each has a `title`, `run(context)`, which gives a result for every contestant (`name`, `label`,
 * `figures`, `lost`), the `columns` of its table (heading and figure), and `bars(results)`.
 */
module.exports = {
  sets: require('./sets'),
  steps: require('./steps'),
  sequential: require('./sequential'),
  cached: require('./cached'),
  'pre-keys': require('./pre-keys'),
  opening: require('./opening'),
  footprint: require('./footprint'),
  largest: require('./largest'),
  replay: require('./replay'),
  idle: require('./idle'),
}
