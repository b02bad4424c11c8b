//! Whether a connection leads to one process of the server, or to a pooler that shares its own among clients.
//!
//! PostgreSQL announces the number of a connection's process when it begins, for requests to cancel a statement. A pooler makes
//! one up, since it cannot know who will carry out what; asked by a statement, the process that answers tells its own.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio_postgres::{
    CancelToken, Client, Error,
    tls::{ChannelBinding, TlsConnect, TlsStream},
};

/// The length of a request to cancel; the process' number stands in it behind its length and its code.
const REQUEST_LEN: usize = 16;

/// Whether there is nobody in between, as far as can be told.
pub(super) async fn is_direct(client: &Client) -> Result<bool, Error> {
    let rows = client.query_typed("SELECT pg_catalog.pg_backend_pid()", &[]).await?;
    let answering = rows.first().and_then(|row| row.try_get::<_, i32>(0).ok());
    Ok(answering.is_some() && answering == announced(client.cancel_token()).await)
}

/// The process that was announced. The driver tells it to nobody but in a request to cancel, so one is written, to nowhere.
async fn announced(token: CancelToken) -> Option<i32> {
    let (near, mut far) = duplex(64);
    // "Yes" to the question for TLS, if it is put.
    far.write_all(b"S").await.ok()?;
    token.cancel_query_raw(near, Nowhere).await.ok()?;
    let mut sent = Vec::new();
    far.read_to_end(&mut sent).await.ok()?;
    let request = sent.last_chunk::<REQUEST_LEN>()?;
    let process = request[8..12].try_into().ok()?;
    Some(i32::from_be_bytes(process))
}

/// TLS to nowhere: bytes stay as they are.
struct Nowhere;

impl TlsConnect<DuplexStream> for Nowhere {
    type Stream = Plain;
    type Error = Infallible;
    type Future = Ready<Result<Plain, Infallible>>;

    fn connect(self, stream: DuplexStream) -> Self::Future {
        ready(Ok(Plain(stream)))
    }
}

struct Plain(DuplexStream);

impl AsyncRead for Plain {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Plain {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl TlsStream for Plain {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}
