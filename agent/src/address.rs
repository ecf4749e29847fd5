//! Where the mail of an account is kept, as the chain has it.
//!
//! `/ip4/ADDRESS/tcp/PORT`, `/ip6/ADDRESS/tcp/PORT`, and `/dns/NAME/tcp/PORT` with `dns4` and `dns6` for a
//! name of which only addresses of that kind count. Nothing may follow, and a port is not zero.

use std::{fmt, net::SocketAddr, str::FromStr};

/// The longest host name, in bytes (RFC 1035).
const MAX_NAME_BYTES: usize = 253;

/// The longest part of a host name, in bytes.
const MAX_LABEL_BYTES: usize = 63;

/// Which addresses of a name count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// All.
    Any,
    /// Those of IPv4.
    V4,
    /// Those of IPv6.
    V6,
}

impl Family {
    /// Whether an address counts.
    pub fn has(self, address: &SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// A node that keeps mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// By its address.
    Ip(SocketAddr),
    /// By its name.
    Dns {
        /// The name.
        name: String,
        /// Which of its addresses count.
        family: Family,
        /// The port.
        port: u16,
    },
}

/// The text is no address that is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mail address is not of the form /ip4/ADDRESS/tcp/PORT, /ip6/... or /dns/...")]
pub struct InvalidAddress;

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(InvalidAddress);
        let (nothing, kind, host, transport, port) = (next()?, next()?, next()?, next()?, next()?);
        if !nothing.is_empty() || transport != "tcp" || parts.next().is_some() {
            return Err(InvalidAddress);
        }
        let port: u16 = number(port)?;
        let dns = |family| {
            let name = is_name(host).then(|| host.to_owned()).ok_or(InvalidAddress)?;
            Ok(Self::Dns { name, family, port })
        };
        match kind {
            "ip4" => {
                let ip = host.parse().map_err(|_| InvalidAddress)?;
                Ok(Self::Ip(SocketAddr::new(std::net::IpAddr::V4(ip), port)))
            }
            "ip6" => {
                let ip = host.parse().map_err(|_| InvalidAddress)?;
                Ok(Self::Ip(SocketAddr::new(std::net::IpAddr::V6(ip), port)))
            }
            "dns" => dns(Family::Any),
            "dns4" => dns(Family::V4),
            "dns6" => dns(Family::V6),
            _ => Err(InvalidAddress),
        }
    }
}

fn number(text: &str) -> Result<u16, InvalidAddress> {
    let port: u16 = text.parse().map_err(|_| InvalidAddress)?;
    // No sign, and no zeros in front.
    if port == 0 || port.to_string() != text { Err(InvalidAddress) } else { Ok(port) }
}

fn is_name(text: &str) -> bool {
    let fits = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= MAX_NAME_BYTES && text.split('.').all(fits)
}

impl fmt::Display for Address {
    /// As HTTP names it: `HOST:PORT`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(formatter),
            Self::Dns { name, port, .. } => write!(formatter, "{name}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_each_kind_are_read() {
        for (text, host) in [
            ("/ip4/127.0.0.1/tcp/30340", "127.0.0.1:30340"),
            ("/ip6/::1/tcp/1", "[::1]:1"),
            ("/dns/node.example/tcp/65535", "node.example:65535"),
            ("/dns4/localhost/tcp/80", "localhost:80"),
            ("/dns6/a-b.c1/tcp/80", "a-b.c1:80"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), host, "{text}");
        }
        let Address::Dns { family, .. } = "/dns4/a/tcp/1".parse().unwrap() else { panic!() };
        assert!(family.has(&"127.0.0.1:1".parse().unwrap()));
        assert!(!family.has(&"[::1]:1".parse().unwrap()));
    }

    #[test]
    fn whatever_else_stands_there_is_no_address() {
        let long = format!("/dns/{}/tcp/1", "a.".repeat(127) + "a");
        for text in [
            "",
            "/",
            "127.0.0.1:80",
            "/ip4/127.0.0.1/tcp/0",
            "/ip4/127.0.0.1/tcp/65536",
            "/ip4/127.0.0.1/tcp/080",
            "/ip4/127.0.0.1/tcp/+80",
            "/ip4/127.0.0.1/udp/80",
            "/ip4/127.0.0.1/tcp/80/",
            "/ip4/127.0.0.1/tcp/80/http",
            "/ip4/127.1/tcp/80",
            "/ip4/::1/tcp/80",
            "/ip6/127.0.0.1/tcp/80",
            "/ip6/[::1]/tcp/80",
            "/dns//tcp/80",
            "/dns/a..b/tcp/80",
            "/dns/-a/tcp/80",
            "/dns/a b/tcp/80",
            "/dns/a:1/tcp/80",
            "/dns/a@b/tcp/80",
            "/dns/a\r\nb/tcp/80",
            "/unix/a/tcp/80",
            "x/ip4/127.0.0.1/tcp/80",
            &long,
        ] {
            assert_eq!(text.parse::<Address>(), Err(InvalidAddress), "{text}");
        }
    }
}
