//! What PostgreSQL can take of rows as this package stores them: upserts from a client that does nothing else.
//!
//! `bench-limit batches|single SESSIONS RECORDS VALUE_BYTES SECONDS`, with `DATABASE_URL`; makes and fills its table when
//! there is none. Prints one JSON object: of `batches`, which writes 100 rows a statement over 1 to 4 connections, the
//! rows per second of the best number of connections; of `single`, which writes one row after another over one
//! connection, the median time of a statement in ms.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Rows of a statement.
const BATCH: usize = 100;

/// As the package's own table, but for the reference to the session's row.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS limit_record (
  session_id uuid NOT NULL,
  record_hash bytea NOT NULL,
  kind text NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (session_id, record_hash)
) WITH (fillfactor = 90);
ALTER TABLE limit_record ALTER COLUMN value SET STORAGE EXTERNAL";

const UPSERT: &str = "
INSERT INTO limit_record (session_id, record_hash, kind, value)
SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::bytea[])
ON CONFLICT (session_id, record_hash) DO UPDATE SET value = EXCLUDED.value";

const UPSERT_ONE: &str = "
INSERT INTO limit_record (session_id, record_hash, kind, value) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id, record_hash) DO UPDATE SET value = EXCLUDED.value";

/// Bytes that do not compress, the same for the same seed: SplitMix64.
fn noise(mut seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = seed;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The keys of one statement's rows.
#[derive(Default)]
struct Batch {
    sessions: Vec<Uuid>,
    hashes: Vec<Vec<u8>>,
}

/// Every row's key once, in batches that take a row of each session in turn, as commits of many accounts do.
fn batches(sessions: usize, records: usize) -> Vec<Batch> {
    let mut all = Vec::new();
    let mut batch = Batch::default();
    for record in 0..records as u64 {
        for session in 0..sessions as u64 {
            batch
                .sessions
                .push(Uuid::from_u64_pair(noise_word(session), noise_word(!session)));
            batch.hashes.push(noise(noise_word(session) ^ record, 16));
            if batch.sessions.len() == BATCH {
                all.push(std::mem::take(&mut batch));
            }
        }
    }
    if !batch.sessions.is_empty() {
        all.push(batch);
    }
    all
}

fn noise_word(seed: u64) -> u64 {
    noise(seed, 8).iter().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

async fn connect() -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(&std::env::var("DATABASE_URL")?, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn write(client: &Client, upsert: &Statement, batch: &Batch, values: &[Vec<u8>]) -> Outcome<()> {
    let kinds = vec!["session"; batch.sessions.len()];
    let values = &values[..batch.sessions.len()];
    client
        .execute(upsert, &[&batch.sessions, &batch.hashes, &kinds, &values])
        .await?;
    Ok(())
}

/// Rows per second over a number of connections, each with batches of its own.
async fn measure_batches(all: Vec<Batch>, values: &[Vec<u8>], connections: usize, window: Duration) -> Outcome<f64> {
    let mut shares: Vec<Vec<Batch>> = (0..connections).map(|_| Vec::new()).collect();
    for (index, batch) in all.into_iter().enumerate() {
        shares[index % connections].push(batch);
    }
    let mut clients = Vec::new();
    for share in shares {
        let client = connect().await?;
        let upsert = client.prepare(UPSERT).await?;
        clients.push((client, upsert, share, values.to_vec()));
    }
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for (client, upsert, share, values) in clients {
        tasks.spawn(async move {
            let mut rows = 0;
            for batch in share.iter().cycle() {
                if start.elapsed() >= window {
                    break;
                }
                write(&client, &upsert, batch, &values).await?;
                rows += batch.sessions.len();
            }
            Outcome::Ok(rows)
        });
    }
    let mut rows = 0;
    while let Some(written) = tasks.join_next().await {
        rows += written??;
    }
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}

/// The median time of a statement, in ms.
async fn measure_single(all: &[Batch], values: &[Vec<u8>], window: Duration) -> Outcome<f64> {
    let client = connect().await?;
    let upsert = client.prepare(UPSERT_ONE).await?;
    let rows = all.iter().flat_map(|batch| batch.sessions.iter().zip(&batch.hashes));
    let mut times = Vec::new();
    let begin = Instant::now();
    for ((session, hash), value) in rows.cycle().zip(values.iter().cycle()) {
        let start = Instant::now();
        client.execute(&upsert, &[session, hash, &"session", value]).await?;
        times.push(start.elapsed());
        if begin.elapsed() >= window {
            break;
        }
    }
    times.sort_unstable();
    Ok(times[times.len() / 2].as_secs_f64() * 1e3)
}

/// Writes every row once: fills the table, or takes what the first write to a page after a checkpoint costs.
async fn write_all(all: &[Batch], values: &[Vec<u8>]) -> Outcome<()> {
    let client = connect().await?;
    client.batch_execute(TABLE).await?;
    let upsert = client.prepare(UPSERT).await?;
    for batch in all {
        write(&client, &upsert, batch, values).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, sessions, records, value_bytes, seconds] = arguments.as_slice() else {
        return Err("bench-limit batches|single SESSIONS RECORDS VALUE_BYTES SECONDS".into());
    };
    let (sessions, records) = (sessions.parse()?, records.parse()?);
    let value_bytes: usize = value_bytes.parse()?;
    let window = Duration::from_secs_f64(seconds.parse()?);
    let values: Vec<Vec<u8>> = (0..BATCH as u64).map(|seed| noise(seed, value_bytes)).collect();

    write_all(&batches(sessions, records), &values).await?;
    let figure = match mode.as_str() {
        "batches" => {
            let mut best: (f64, usize) = (0.0, 0);
            for connections in 1..=4 {
                let rate = measure_batches(batches(sessions, records), &values, connections, window / 2).await?;
                best = if rate > best.0 { (rate, connections) } else { best };
            }
            format!(r#"{{"perSecond":{:.1},"connections":{}}}"#, best.0, best.1)
        }
        "single" => {
            let p50 = measure_single(&batches(sessions, records), &values, window).await?;
            format!(r#"{{"p50Ms":{p50:.4}}}"#)
        }
        _ => return Err("the mode is batches or single".into()),
    };
    writeln!(std::io::stdout(), "{figure}")?;
    Ok(())
}
