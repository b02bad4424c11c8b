//! The server's clock and this machine's, as far as the way between them lets see.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    check::Check,
    server::{get, strange},
};
use crate::{error::Result, pool::Probe};

/// How far the clocks may be apart, in ms.
const SAME_TIME_MS: f64 = 5_000.0;
/// How often the round trip is measured: the shortest one counts.
const ROUND_TRIPS: usize = 3;

/// What time it is there, and here.
pub(super) struct Moment {
    pub(super) round_trip_ms: f64,
    /// How far the server's clock is ahead.
    ahead_ms: f64,
}

impl Moment {
    pub(super) async fn take(probe: &Probe) -> Result<Self> {
        let mut best: Option<Self> = None;
        for _ in 0..ROUND_TRIPS {
            let sent = now_ms();
            let rows = probe
                .query("SELECT extract(epoch FROM clock_timestamp())::float8 * 1000", &[])
                .await?;
            let answered = now_ms();
            let there: f64 = get(rows.first().ok_or_else(strange)?, 0)?;
            let taken = Self::between(sent, answered, there);
            if best
                .as_ref()
                .is_none_or(|best| taken.round_trip_ms < best.round_trip_ms)
            {
                best = Some(taken);
            }
        }
        best.ok_or_else(strange)
    }

    /// The server looked at its clock at some time in between.
    fn between(sent: f64, answered: f64, there: f64) -> Self {
        let round_trip_ms = (answered - sent).max(0.0);
        Self {
            round_trip_ms,
            ahead_ms: there - (sent + round_trip_ms / 2.0),
        }
    }

    pub(super) fn clock(&self) -> Check {
        let apart = self.ahead_ms.abs();
        // So much of it may be the way.
        let uncertain = self.round_trip_ms / 2.0;
        if apart - uncertain <= SAME_TIME_MS {
            return Check::ok(
                "clock",
                format!(
                    "the server's is within {:.1} s of this machine's",
                    (apart + uncertain) / 1e3
                ),
            );
        }
        let side = if self.ahead_ms > 0.0 { "ahead of" } else { "behind" };
        Check::warning(
            "clock",
            format!("the server's is {:.0} s {side} this machine's", apart / 1e3),
            "set both by NTP: certificates and WhatsApp go by this machine's",
        )
    }
}

fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::diagnosis::check::Status;

    #[test]
    fn the_way_to_the_server_and_back_is_no_difference_of_clocks() {
        let status = |sent, answered, there| Moment::between(sent, answered, there).clock().status;
        assert_eq!(status(1_000.0, 1_010.0, 1_004.0), Status::Ok);
        // The server may have looked at its clock at any time in between.
        assert_eq!(status(0.0, 20_000.0, 19_000.0), Status::Ok);
        assert_eq!(status(0.0, 10.0, 8_000.0), Status::Warning);
        assert_eq!(status(100_000.0, 100_010.0, 90_000.0), Status::Warning);
        let behind = Moment::between(100_000.0, 100_010.0, 90_000.0).clock();
        assert!(behind.found.contains("10 s behind"), "{}", behind.found);
    }
}
