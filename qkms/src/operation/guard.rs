//! Who may change anything: whoever can read the token's file. Everybody on this machine reaches
//! loopback, and so does each page that a browser here shows.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::agent::Token;

/// The token's file, in the folder of the first KME's store.
pub const FILE: &str = "operation.token";

/// What a request has to show.
#[derive(Debug)]
pub(super) struct Guard {
    /// The token.
    pub token: Token,
    /// Where it has to have been asked.
    pub address: SocketAddr,
}

impl Guard {
    fn admit(&self, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let own = [self.address.to_string(), format!("localhost:{}", self.address.port())];
        if !text(header::HOST).is_some_and(|host| own.iter().any(|own| own == host)) {
            return Err((StatusCode::MISDIRECTED_REQUEST, "this is another host\n"));
        }
        let shown = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if shown.is_some_and(|shown| self.token.is(shown)) {
            Ok(())
        } else {
            Err((StatusCode::UNAUTHORIZED, "this needs the token of operation.token\n"))
        }
    }
}

/// Lets a request pass that shows what it has to.
pub(super) async fn check(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    match guard.admit(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}
