//! How an agent is asked: over HTTP on the loopback interface, with its token.

use super::REQUEST_MILLIS;
use alloc::{format, vec, vec::Vec};
use codec::{Decode, DecodeAll};
use core::fmt;
use qedex_primitives::agent::{AgentDoor, MAX_BODY_BYTES};
use sp_runtime::offchain::{
    Duration, HttpError, Timestamp,
    http::{Method, Request, Response},
};

/// Why an agent is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It did not answer in time, or there is none.
    Silent,
    /// The run ended before it had the time that a request has. It is not to blame.
    RunOver,
    /// It answered with this code.
    Code(u16),
    /// Its answer was cut off.
    Cut,
    /// Its answer is too long, or not what was asked for.
    Rubbish,
    /// It answered a session, or a message, that is not the one that waits.
    Foreign,
    /// The node does not hold the key any more.
    NoSignature,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => formatter.write_str("it does not answer"),
            Self::RunOver => formatter.write_str("the run is over"),
            Self::Code(code) => write!(formatter, "it answers with code {code}"),
            Self::Cut => formatter.write_str("its answer is cut off"),
            Self::Rubbish => formatter.write_str("its answer is not one"),
            Self::Foreign => formatter.write_str("it answers what does not wait"),
            Self::NoSignature => formatter.write_str("the worker's key is gone"),
        }
    }
}

/// Asks an agent, within the time for a request and until `end` at most.
pub trait Ask {
    /// Asks with `GET`.
    fn get<A: Decode>(&self, path: &str, end: Timestamp) -> Result<A, Fault>;

    /// Asks with `POST`.
    fn post<A: Decode>(&self, path: &str, body: Vec<u8>, end: Timestamp) -> Result<A, Fault>;
}

impl Ask for AgentDoor {
    fn get<A: Decode>(&self, path: &str, end: Timestamp) -> Result<A, Fault> {
        ask(self, Method::Get, path, Vec::new(), end)
    }

    fn post<A: Decode>(&self, path: &str, body: Vec<u8>, end: Timestamp) -> Result<A, Fault> {
        ask(self, Method::Post, path, vec![body], end)
    }
}

fn ask<A: Decode>(
    door: &AgentDoor,
    method: Method,
    path: &str,
    body: Vec<Vec<u8>>,
    end: Timestamp,
) -> Result<A, Fault> {
    let limit = sp_io::offchain::timestamp().add(Duration::from_millis(REQUEST_MILLIS));
    let deadline = limit.min(end);
    let late = if end < limit { Fault::RunOver } else { Fault::Silent };
    let url = format!("http://127.0.0.1:{}{path}", door.port);
    let token = core::str::from_utf8(&door.token).map_err(|_| Fault::Silent)?;
    let pending = Request::<Vec<Vec<u8>>>::new(&url)
        .method(method)
        .body(body)
        .add_header("Authorization", &format!("Bearer {token}"))
        .deadline(deadline)
        .send()
        .map_err(|_| Fault::Silent)?;
    let answered = pending.try_wait(deadline).map_err(|_| late)?;
    let response = answered.map_err(|_| Fault::Silent)?;
    if response.code != 200 {
        return Err(Fault::Code(response.code));
    }
    A::decode_all(&mut &read(&response, deadline, late)?[..]).map_err(|_| Fault::Rubbish)
}

/// The body of an answer, of which no more is read than an answer may have.
fn read(response: &Response, deadline: Timestamp, late: Fault) -> Result<Vec<u8>, Fault> {
    let mut body = response.body();
    body.deadline(deadline);
    let bytes: Vec<u8> = body.by_ref().take(MAX_BODY_BYTES.saturating_add(1)).collect();
    match body.error() {
        None if bytes.len() <= MAX_BODY_BYTES => Ok(bytes),
        None => Err(Fault::Rubbish),
        Some(HttpError::DeadlineReached) => Err(late),
        Some(_) => Err(Fault::Cut),
    }
}
