//! How frames get to the node that keeps the other end's mail.

use crate::address::{Address, InvalidAddress};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use qedex_primitives::qkd::{MailAddress, SessionId};
use std::{future::Future, io, str::FromStr, time::Duration};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// For a whole delivery: name, connection, request and answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The longest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Why a frame was not taken. It is kept, and goes again later.
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
    /// The node answered something else than that it has taken the frame.
    #[error("the peer's node answered with code {}", .0.as_u16())]
    Code(StatusCode),
}

/// What delivers frames.
pub trait Post: Send + Sync + 'static {
    /// Delivers a frame of a session to the node at `address`.
    fn deliver(
        &self,
        address: &MailAddress,
        session: SessionId,
        frame: Vec<u8>,
    ) -> impl Future<Output = Result<(), NotTaken>> + Send;
}

/// Plain HTTP/1.1, one connection a frame: what is in a frame nobody on the way can read or alter.
/// Redirections are not followed, and no body of an answer is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpPost;

impl Post for HttpPost {
    async fn deliver(
        &self,
        address: &MailAddress,
        session: SessionId,
        frame: Vec<u8>,
    ) -> Result<(), NotTaken> {
        let text = std::str::from_utf8(address).map_err(|_| InvalidAddress)?;
        let address = Address::from_str(text)?;
        let code = timeout(LIMIT, post(&address, session, frame)).await;
        match code.map_err(|_| NotTaken::Timeout)?? {
            StatusCode::NO_CONTENT => Ok(()),
            code => Err(NotTaken::Code(code)),
        }
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
    session: SessionId,
    frame: Vec<u8>,
) -> Result<StatusCode, NotTaken> {
    let wrong = |error: &dyn std::error::Error| NotTaken::Connection(error.to_string());
    let stream = connect(address).await.map_err(|error| wrong(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| wrong(&error))?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/v1/mail/{}", session.0))
        .header(header::HOST, address.to_string())
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .body(Full::new(Bytes::from(frame)))
        .map_err(|error| wrong(&error))?;
    let response = sender.send_request(request);
    tokio::pin!(response);
    // With the answer's head the connection is dropped. If it ends before, the answer is here, or none comes.
    let response = tokio::select! {
        response = &mut response => response,
        _ = connection => response.await,
    };
    Ok(response.map_err(|error| wrong(&error))?.status())
}
