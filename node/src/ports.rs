//! A look at the ports before the node starts.
//!
//! Left alone, the node would not fail where a port is taken: the JSON-RPC server moves to a random
//! port, so that tools reach somebody else's chain; the network logs a warning and cannot be
//! reached; the Prometheus exporter logs an error and is not there. Here each is an error that
//! names the port and the flag that chooses another.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
};

use sc_network::{Multiaddr, multiaddr::Protocol};
use sc_service::Configuration;

/// A port that the node was told to listen on, and cannot.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for {service}: {cause}; choose another port with {flag}")]
pub struct PortError {
    /// What the port is for.
    service: &'static str,
    /// Where the node was to listen.
    address: SocketAddr,
    /// The flag that chooses another port.
    flag: &'static str,
    /// Why it cannot.
    cause: io::Error,
}

impl From<PortError> for sc_cli::Error {
    fn from(error: PortError) -> Self {
        Self::Application(Box::new(error))
    }
}

/// Checks that the node can listen where `config` says, and keeps the JSON-RPC server from moving
/// elsewhere.
///
/// The Prometheus port counts only if it was asked for (`prometheus_asked`): several nodes on one
/// machine may well leave its default alone, and lose nothing but the metrics of all but one.
pub fn claim(config: &mut Configuration, prometheus_asked: bool) -> Result<(), PortError> {
    for endpoint in config.rpc.addr.iter_mut().flatten() {
        endpoint.retry_random_port = false;
        // The IPv6 address of the pair is optional: a machine may have no IPv6.
        if !endpoint.is_optional {
            check("JSON-RPC", "--rpc-port", Transport::Tcp, endpoint.listen_addr)?;
        }
    }

    for multiaddr in &config.network.listen_addresses {
        if let Some((transport, address)) = socket_address(multiaddr) {
            check("the peer-to-peer network", "--port", transport, address)?;
        }
    }

    if let Some(prometheus) = config.prometheus_config.as_ref().filter(|_| prometheus_asked) {
        check("Prometheus", "--prometheus-port", Transport::Tcp, prometheus.port)?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Transport {
    Tcp,
    Udp,
}

/// Binds and lets go again. Only the two errors that the user can mend count: that an address
/// family is missing, say, is left to the service, which has others to listen on.
fn check(
    service: &'static str,
    flag: &'static str,
    transport: Transport,
    address: SocketAddr,
) -> Result<(), PortError> {
    let bound = match transport {
        Transport::Tcp => TcpListener::bind(address).map(drop),
        Transport::Udp => UdpSocket::bind(address).map(drop),
    };
    match bound {
        Err(cause)
            if matches!(
                cause.kind(),
                io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
            ) =>
        {
            Err(PortError { service, address, flag, cause })
        }
        _ => Ok(()),
    }
}

/// The socket that listening on `multiaddr` opens; `None` if it names no IP address, or no port.
fn socket_address(multiaddr: &Multiaddr) -> Option<(Transport, SocketAddr)> {
    let mut protocols = multiaddr.iter();
    let ip: IpAddr = match protocols.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match protocols.next()? {
        Protocol::Tcp(port) => Some((Transport::Tcp, SocketAddr::new(ip, port))),
        Protocol::Udp(port) => Some((Transport::Udp, SocketAddr::new(ip, port))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(multiaddr: &str) -> Option<(Transport, SocketAddr)> {
        socket_address(&multiaddr.parse().expect("a multiaddress"))
    }

    #[test]
    fn a_listening_address_names_its_socket() {
        assert_eq!(
            parsed("/ip4/0.0.0.0/tcp/30333/ws"),
            Some((Transport::Tcp, ([0, 0, 0, 0], 30333).into()))
        );
        assert_eq!(
            parsed("/ip6/::1/udp/7/webrtc-direct"),
            Some((Transport::Udp, "[::1]:7".parse().expect("an address")))
        );
        assert_eq!(parsed("/dns/localhost/tcp/30333"), None);
        assert_eq!(parsed("/memory/1"), None);
    }

    #[test]
    fn a_used_port_is_named_with_the_flag_that_changes_it() {
        let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = held.local_addr().expect("bound");
        let error =
            check("JSON-RPC", "--rpc-port", Transport::Tcp, address).expect_err("the port is held");
        let message = error.to_string();
        assert!(message.contains(&address.to_string()), "{message}");
        assert!(message.contains("--rpc-port"), "{message}");
        drop(held);
        assert!(check("JSON-RPC", "--rpc-port", Transport::Tcp, address).is_ok());
    }
}
