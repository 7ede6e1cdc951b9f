//! One stream of bytes to or from an onion service.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use arti_client::DataStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One stream of bytes to or from an onion service.
///
/// What is written leaves when a cell is full or on `flush`: flush before waiting for an answer.
/// There are no deadlines inside: the far side may fall silent for ever without an error.
/// Dropping it closes it.
pub struct Stream(pub(crate) DataStream);

/// Without what is on its way.
impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stream(..)")
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        AsyncRead::poll_read(Pin::new(&mut self.0), context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.0), context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.0), context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_shutdown(Pin::new(&mut self.0), context)
    }
}
