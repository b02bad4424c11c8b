//! A store's figures in JavaScript's shape.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use napi_derive::napi;

use crate::{
    stats::{Counters, Histogram, Snapshot},
    store::Store,
};

/// A store's figures.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeStats {
    pub layout: Option<String>,
    pub open_sessions: u32,
    pub sets: f64,
    pub refused_sets: f64,
    pub pending_records: u32,
    pub pending_bytes: f64,
    pub committed_records: f64,
    pub commits: f64,
    pub retries: f64,
    pub failed_commits: f64,
    pub pool: NativePoolStatus,
    pub cache: Option<NativeCacheStatus>,
    pub histograms: NativeHistograms,
}

/// Figures of the memory that holds records.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeCacheStatus {
    pub bytes: f64,
    pub capacity: f64,
    pub hits: f64,
    pub misses: f64,
}

/// The pool's figures.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativePoolStatus {
    pub size: u32,
    pub idle: u32,
    pub waiting: u32,
    pub max: u32,
}

/// How often what took how long, and how large what was.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeHistograms {
    pub set_seconds: NativeHistogram,
    pub open_seconds: NativeHistogram,
    pub commit_seconds: NativeHistogram,
    pub round_trip_seconds: NativeHistogram,
    pub connection_wait_seconds: NativeHistogram,
    pub batch_sessions: NativeHistogram,
    pub batch_records: NativeHistogram,
}

/// How often a quantity was how large.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeHistogram {
    pub buckets: Vec<NativeBucket>,
    pub sum: f64,
    pub count: f64,
}

/// How many quantities were not above a bound.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeBucket {
    pub le: f64,
    pub count: f64,
}

impl NativeStats {
    pub(super) fn of(store: &Store) -> Self {
        let (counters, pool) = (store.counters(), store.pool_status());
        let count = |counter: &AtomicU64| counter.load(Relaxed) as f64;
        Self {
            layout: store.layout().map(str::to_owned),
            open_sessions: saturating(store.open_sessions()),
            sets: count(&counters.sets),
            refused_sets: count(&counters.refused_sets),
            pending_records: saturating(counters.pending_records.load(Relaxed)),
            pending_bytes: counters.pending_bytes.load(Relaxed) as f64,
            committed_records: count(&counters.committed_records),
            commits: count(&counters.commits),
            retries: store.retries() as f64,
            failed_commits: count(&counters.failed_commits),
            pool: NativePoolStatus {
                size: saturating(pool.size),
                idle: saturating(pool.idle),
                waiting: saturating(pool.waiting),
                max: saturating(pool.max),
            },
            cache: store.cache_status().map(|cache| NativeCacheStatus {
                bytes: cache.bytes as f64,
                capacity: cache.capacity as f64,
                hits: cache.hits as f64,
                misses: cache.misses as f64,
            }),
            histograms: counters.into(),
        }
    }
}

impl From<&Counters> for NativeHistograms {
    fn from(counters: &Counters) -> Self {
        Self {
            set_seconds: (&counters.set_seconds).into(),
            open_seconds: (&counters.open_seconds).into(),
            commit_seconds: (&counters.commit_seconds).into(),
            round_trip_seconds: (&counters.round_trip_seconds).into(),
            connection_wait_seconds: (&counters.connection_wait_seconds).into(),
            batch_sessions: (&counters.batch_sessions).into(),
            batch_records: (&counters.batch_records).into(),
        }
    }
}

impl From<&Histogram> for NativeHistogram {
    fn from(histogram: &Histogram) -> Self {
        let Snapshot { buckets, sum, count } = histogram.snapshot();
        let bucket = |(le, count): (f64, u64)| NativeBucket {
            le,
            count: count as f64,
        };
        Self {
            buckets: buckets.into_iter().map(bucket).collect(),
            sum,
            count: count as f64,
        }
    }
}

fn saturating(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
