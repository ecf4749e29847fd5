//! How fast the door for SAEs is, and what a connection costs.
//!
//! `cargo run --locked --release -p qkms --example etsi014_load -- ratio` compares `status` and `enc_keys`
//! (one 256-bit key, durable at both ends) with an empty axum handler behind the same mutual TLS,
//! in turns: requests a second as a client on the same machine sees them, and processor time of
//! the server for each. `-- memory --connections N` opens N connections and tells what the
//! server's resident memory grew by. The KMEs are a pair as `qkms serve` runs it, in a process of
//! its own, whose blocks come from a generator in place of a link; all are made before, half a
//! million keys for each direction.

use std::{
    convert::Infallible,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use clap::{Parser, Subcommand};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming, client::conn::http1::SendRequest, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use qkms::{
    etsi014::{Server, Settings},
    kme::testing::{Options, Pair},
    metrics::Metrics,
    pki::Authority,
    pool::making::Summary,
    process,
    tls::{self, ClientCheck, Identity, Peer},
};
use rustls_pki_types::ServerName;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tower::ServiceExt;

const STATUS: &str = "/api/v1/keys/sae-b1/status";
const ENC_KEYS: &str = "/api/v1/keys/sae-b1/enc_keys";

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Measure,
}

#[derive(Subcommand)]
enum Measure {
    /// Compare with an empty handler
    Ratio {
        /// Connections kept alive
        #[arg(long, default_value_t = 64)]
        connections: usize,
        /// Turns of each
        #[arg(long, default_value_t = 7)]
        turns: usize,
        /// Seconds of a turn
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
    },
    /// Tell the memory that a connection takes
    Memory {
        /// Connections at once
        #[arg(long, default_value_t = 1_000)]
        connections: usize,
    },
    /// Be the empty handler, or the pair of KMEs
    #[command(hide = true)]
    Serve { kind: String, folder: PathBuf },
}

fn main() -> anyhow::Result<()> {
    process::raise_file_limit()?;
    let runtime = tokio::runtime::Runtime::new()?;
    match Cli::parse().command {
        Measure::Ratio { connections, turns, seconds } => {
            runtime.block_on(ratio(connections, turns, Duration::from_secs_f64(seconds)))
        }
        Measure::Memory { connections } => runtime.block_on(memory(connections)),
        Measure::Serve { kind, folder } => runtime.block_on(serve(&kind, &folder)),
    }
}

/// Certificates for the servers and an SAE.
fn field() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let authority = Authority::create(folder.path(), "load", 1)?;
    authority.issue(&Peer::Kme("kme-a".parse()?), &["localhost".into()], 1)?;
    authority.issue(&Peer::Sae("sae-a1".parse()?), &[], 1)?;
    Ok(folder)
}

async fn serve(kind: &str, folder: &Path) -> anyhow::Result<()> {
    let file = |name: &str| folder.join(name);
    let tell = |address: SocketAddr| -> anyhow::Result<()> {
        println!("{address}");
        Ok(std::io::stdout().flush()?)
    };
    if kind == "pair" {
        let patience = Duration::from_secs(60);
        let options = Options { block_bits: 1 << 24, patience, ..Options::default() };
        let capacity = qkms::kme::link::Capacity { keys: 1 << 24, ..options.capacity };
        let pair = Pair::start(&file("stores"), &Options { capacity, ..options }).await?;
        // The generator would make a block whenever a key is drawn, and store 2 MB at both ends.
        for kme in &pair.kmes {
            let full =
                |summary: &Summary| summary.fill(kme.links()[0].outgoing()).bytes >= capacity.keys;
            kme.links()[0].changes().wait_for(full).await?;
        }
        for kme in &pair.kmes {
            kme.wind_down().await;
        }
        let settings: Settings = toml::from_str(&format!(
            "listen = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nclient_ca = {:?}\n\
             revocation_list = {:?}\nmax_connections = 100000\nhandshake_s = 300\nidle_s = 600",
            file("kme-kme-a.pem"),
            file("kme-kme-a.key"),
            file("ca.pem"),
            file("ca.crl"),
        ))?;
        let metrics = Metrics::new().kme(&"kme-a".parse()?);
        let server = Server::bind(settings, Arc::clone(&pair.kmes[0]), metrics).await?;
        tell(server.local_addr())?;
        server.run(std::future::pending()).await;
        return Ok(());
    }
    let identity = Identity::from_files(&file("kme-kme-a.pem"), &file("kme-kme-a.key"))?;
    let clients = ClientCheck::open(&file("ca.pem"), Some(&file("ca.crl")))?;
    let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(&identity, clients)?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    tell(listener.local_addr()?)?;
    let routes = Router::new().route("/", get(|| async {}));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (acceptor, routes) = (acceptor.clone(), routes.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let answer = service_fn(move |request: Request<Incoming>| {
                let routes = routes.clone();
                async move {
                    let answer = routes.oneshot(request.map(Body::new)).await;
                    Ok::<_, Infallible>(answer.unwrap_or_else(|never| match never {}))
                }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

/// A server in a process of its own; ended when it is dropped.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(kind: &str, folder: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", kind])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().context("the server has an output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().parse().with_context(|| format!("{kind} did not start"))?;
        Ok(Self { child, address })
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }

    /// Processor time so far, user and system, in seconds (of 1/100 s).
    fn processor_s(&self) -> anyhow::Result<f64> {
        let stat = self.proc("stat")?;
        let (_, fields) = stat.rsplit_once(')').context("stat")?;
        let field = |index| fields.split_whitespace().nth(index).and_then(|f| f.parse().ok());
        let (user, system): (f64, f64) = (field(11).context("utime")?, field(12).context("stime")?);
        Ok((user + system) / 100.0)
    }

    fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Connection = SendRequest<Empty<Bytes>>;

async fn connect(address: SocketAddr, connector: &TlsConnector) -> anyhow::Result<Connection> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn open(
    address: SocketAddr,
    folder: &Path,
    number: usize,
) -> anyhow::Result<Vec<Connection>> {
    let file = |name: &str| folder.join(name);
    let identity = Identity::from_files(&file("sae-sae-a1.pem"), &file("sae-sae-a1.key"))?;
    let config = Arc::new(tls::client_config(&identity, &file("ca.pem"))?);
    let mut all = Vec::with_capacity(number);
    while all.len() < number {
        let mut some = JoinSet::new();
        for _ in 0..100.min(number - all.len()) {
            let connector = TlsConnector::from(Arc::clone(&config));
            some.spawn(async move { connect(address, &connector).await });
        }
        while let Some(opened) = some.join_next().await {
            all.push(opened??);
        }
    }
    Ok(all)
}

async fn ask(connection: &mut Connection, path: &str) -> anyhow::Result<()> {
    connection.ready().await?;
    let request = Request::builder().uri(path).header("host", "localhost").body(Empty::new())?;
    let answer = connection.send_request(request).await?;
    let code = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(code.is_success(), "{path}: {code} {}", String::from_utf8_lossy(&body));
    Ok(())
}

/// Requests answered in `time`, over all connections.
async fn load(
    connections: &mut Vec<Connection>,
    path: &'static str,
    time: Duration,
) -> anyhow::Result<u64> {
    let end = Instant::now() + time;
    let mut at_work = JoinSet::new();
    for mut connection in connections.drain(..) {
        at_work.spawn(async move {
            let mut answered = 0;
            while Instant::now() < end {
                ask(&mut connection, path).await?;
                answered += 1;
            }
            anyhow::Ok((connection, answered))
        });
    }
    let mut total = 0;
    while let Some(done) = at_work.join_next().await {
        let (connection, answered) = done??;
        connections.push(connection);
        total += answered;
    }
    Ok(total)
}

async fn ratio(number: usize, turns: usize, time: Duration) -> anyhow::Result<()> {
    let folder = field()?;
    let empty = Running::start("empty", folder.path())?;
    let pair = Running::start("pair", folder.path())?;
    let mut to_empty = open(empty.address, folder.path(), number).await?;
    let mut to_pair = open(pair.address, folder.path(), number).await?;
    let mut rates = [const { Vec::new() }; 3];
    let mut costs = [const { Vec::new() }; 3];
    for turn in 0..=turns {
        for (index, path) in ["/", STATUS, ENC_KEYS].into_iter().enumerate() {
            let (server, connections) =
                if index == 0 { (&empty, &mut to_empty) } else { (&pair, &mut to_pair) };
            let (before, began) = (server.processor_s()?, Instant::now());
            let answered = load(connections, path, time).await? as f64;
            let cost = (server.processor_s()? - before) / answered * 1e6;
            // The first turn warms up.
            if turn > 0 {
                rates[index].push(answered / began.elapsed().as_secs_f64());
                costs[index].push(cost);
            }
        }
    }
    let rates = rates.map(median);
    let costs = costs.map(median);
    for (index, name) in ["empty handler", "status", "enc_keys"].into_iter().enumerate() {
        println!(
            "{name:14} {:8.0} requests/s  {:5.1} %   {:6.1} us of the server's processor",
            rates[index],
            100.0 * rates[index] / rates[0],
            costs[index],
        );
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn memory(number: usize) -> anyhow::Result<()> {
    let folder = field()?;
    let pair = Running::start("pair", folder.path())?;
    let mut warm = open(pair.address, folder.path(), 100).await?;
    load(&mut warm, STATUS, Duration::from_secs(1)).await?;
    let before = pair.resident_kib()?;
    let began = Instant::now();
    let mut connections = open(pair.address, folder.path(), number).await?;
    let opened = began.elapsed();
    let idle = pair.resident_kib()?;
    for connection in &mut connections {
        ask(connection, STATUS).await?;
    }
    let asked = pair.resident_kib()?;
    let each = |kib: u64| (kib.saturating_sub(before)) as f64 / number as f64;
    println!("{number} connections opened in {:.1} s, each answered once", opened.as_secs_f64());
    println!("resident memory of the server: {before} KiB before, {asked} KiB after");
    println!("a connection takes {:.1} KiB idle, {:.1} KiB once used", each(idle), each(asked));
    Ok(())
}
