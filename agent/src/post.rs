//! How frames and letters get to the node that keeps the other end's mail.

use crate::address::{Address, InvalidAddress};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use q_sah::RECEIPT_BYTES;
use qedex_primitives::qkd::MailAddress;
use std::{future::Future, io, str::FromStr, time::Duration};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// For a whole delivery: name, connection, request and answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The longest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Why something was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The chain has no address, or none that is spoken here.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// There is no connection.
    #[error("the peer's node cannot be reached: {0}")]
    Connection(String),
    /// The node took too long.
    #[error("the peer's node did not answer in time")]
    Timeout,
    /// The node answered something else than that it has taken it.
    #[error("the peer's node answered with code {}", .0.as_u16())]
    Code(StatusCode),
    /// The node says that it has taken the frame, and not what the other end says then: another session's, or
    /// a stranger.
    #[error("the peer's node does not say what the other end of the session says of a frame")]
    Receipt,
}

impl NotTaken {
    /// Whether the same thing will not be taken later either: the node says that it is wrong, and not that
    /// it is too slow or one too many.
    pub fn is_final(&self) -> bool {
        let passing = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
        matches!(self, Self::Code(code) if code.is_client_error() && !passing.contains(code))
    }
}

/// What delivers frames and letters.
pub trait Post: Send + Sync + 'static {
    /// Delivers something to this path of the node at `address`, which says with code `taken` that it has taken
    /// it. Gives what else it answers: nothing, or a receipt.
    fn deliver(
        &self,
        address: &MailAddress,
        path: &str,
        body: Vec<u8>,
        taken: StatusCode,
    ) -> impl Future<Output = Result<Bytes, NotTaken>> + Send;
}

/// Plain HTTP/1.1, one connection a delivery: what is sealed nobody on the way can read or alter.
/// Redirections are not followed, and of an answer's body no more is read than a receipt has.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpPost;

impl Post for HttpPost {
    async fn deliver(
        &self,
        address: &MailAddress,
        path: &str,
        body: Vec<u8>,
        taken: StatusCode,
    ) -> Result<Bytes, NotTaken> {
        let text = std::str::from_utf8(address).map_err(|_| InvalidAddress)?;
        let address = Address::from_str(text)?;
        timeout(LIMIT, post(&address, path, body, taken)).await.map_err(|_| NotTaken::Timeout)?
    }
}

async fn connect(address: &Address) -> io::Result<TcpStream> {
    match address {
        Address::Ip(address) => TcpStream::connect(address).await,
        Address::Dns { name, family, port } => {
            let all = lookup_host((name.as_str(), *port)).await?;
            let counting: Vec<_> = all.filter(|address| family.has(address)).collect();
            TcpStream::connect(&counting[..]).await
        }
    }
}

async fn post(
    address: &Address,
    path: &str,
    body: Vec<u8>,
    taken: StatusCode,
) -> Result<Bytes, NotTaken> {
    let wrong = |error: &dyn std::error::Error| NotTaken::Connection(error.to_string());
    let stream = connect(address).await.map_err(|error| wrong(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| wrong(&error))?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, address.to_string())
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| wrong(&error))?;
    let response = sender.send_request(request);
    tokio::pin!(response);
    tokio::pin!(connection);
    // If the connection ends before, the answer is here, or none comes.
    let response = tokio::select! {
        response = &mut response => response,
        _ = &mut connection => response.await,
    };
    let response = response.map_err(|error| wrong(&error))?;
    if response.status() != taken {
        return Err(NotTaken::Code(response.status()));
    }
    let body = Limited::new(response.into_body(), RECEIPT_BYTES).collect();
    tokio::pin!(body);
    let body = tokio::select! {
        body = &mut body => body,
        _ = &mut connection => body.await,
    };
    Ok(body.map_err(|_| NotTaken::Receipt)?.to_bytes())
}
