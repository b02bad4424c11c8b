//! Histograms with fixed buckets: whoever counts adds to two numbers, and takes no lock.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The upper bounds of the buckets of durations, in µs.
const DURATIONS: &[u64] = &[
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000,
];
/// The upper bounds of the buckets of counts.
const COUNTS: &[u64] = &[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

const MICROSECONDS: f64 = 1e6;

/// How often a quantity was how large.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// The quantity's own unit in those that are counted here.
    unit: f64,
    /// One more than there are bounds: what is above the last one.
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A histogram at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Upper bounds, the last one infinite, each with how many quantities were not above it.
    pub buckets: Vec<(f64, u64)>,
    /// All quantities together.
    pub sum: f64,
    /// How many there were.
    pub count: u64,
}

impl Histogram {
    /// Of durations, shown in seconds.
    pub(crate) fn of_durations() -> Self {
        Self::new(DURATIONS, MICROSECONDS)
    }

    /// Of counts.
    pub(crate) fn of_counts() -> Self {
        Self::new(COUNTS, 1.0)
    }

    fn new(bounds: &'static [u64], unit: f64) -> Self {
        Self {
            bounds,
            unit,
            buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts a duration.
    pub(crate) fn took(&self, duration: Duration) {
        self.add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts a number of something.
    pub(crate) fn count(&self, number: usize) {
        self.add(number as u64);
    }

    fn add(&self, quantity: u64) {
        let at = self.bounds.partition_point(|bound| *bound < quantity);
        self.buckets[at].fetch_add(1, Relaxed);
        self.sum.fetch_add(quantity, Relaxed);
    }

    /// What was counted so far. While others count, the sum may be some of them ahead or behind.
    pub fn snapshot(&self) -> Snapshot {
        let mut count = 0;
        let bounds = self.bounds.iter().map(|bound| *bound as f64 / self.unit);
        let cumulative = |(bound, bucket): (f64, &AtomicU64)| {
            count += bucket.load(Relaxed);
            (bound, count)
        };
        let buckets = bounds
            .chain([f64::INFINITY])
            .zip(&self.buckets)
            .map(cumulative)
            .collect();
        Snapshot {
            buckets,
            sum: self.sum.load(Relaxed) as f64 / self.unit,
            count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_counted_in_every_bucket_that_it_is_not_above() {
        let histogram = Histogram::of_counts();
        for number in [0, 1, 2, 3, 5, 6, 5_000, 5_001] {
            histogram.count(number);
        }
        let Snapshot { buckets, sum, count } = histogram.snapshot();
        assert_eq!(buckets[..4], [(1.0, 2), (2.0, 3), (5.0, 5), (10.0, 6)]);
        assert_eq!(buckets[buckets.len() - 2..], [(5_000.0, 7), (f64::INFINITY, 8)]);
        assert_eq!((sum, count), (10_018.0, 8));
    }

    #[test]
    fn durations_are_shown_in_seconds() {
        let histogram = Histogram::of_durations();
        histogram.took(Duration::from_micros(250));
        histogram.took(Duration::from_millis(1_250));
        let Snapshot { buckets, sum, count } = histogram.snapshot();
        assert_eq!(buckets[0], (0.000_25, 1));
        assert!(buckets.contains(&(1.0, 1)) && buckets.contains(&(2.5, 2)));
        assert_eq!((sum, count), (1.250_25, 2));
    }
}
