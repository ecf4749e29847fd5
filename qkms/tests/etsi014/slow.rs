//! Clients that are slow, stop half way, or read nothing; and the end of the server.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::field::Field;

const PATIENCE: Duration = Duration::from_secs(60);

async fn field() -> Field {
    Field::start_with(|settings| {
        settings.handshake_s = 1;
        settings.idle_s = 1;
        settings.body_s = 1;
        settings.write_s = 1;
        settings.stop_s = 2;
    })
    .await
}

/// Reads until the server ends the connection.
async fn read_to_end(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match timeout(PATIENCE, stream.read(&mut buffer)).await.expect("still open") {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&read).into_owned(),
            Ok(length) => read.extend_from_slice(&buffer[..length]),
        }
    }
}

fn post(length: usize) -> String {
    format!(
        "POST /api/v1/keys/bob/enc_keys HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_client_that_never_speaks_tls_is_dropped() {
    let field = field().await;
    let mut stream = TcpStream::connect(field.doors[0]).await.unwrap();
    stream.write_all(b"\x16\x03").await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, "");
    let mut plain = TcpStream::connect(field.doors[0]).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(!read_to_end(&mut plain).await.contains("HTTP"));
}

#[tokio::test]
async fn a_head_that_does_not_end_is_given_up() {
    let field = field().await;
    let mut stream = field.tls(0, &field.issued("sae-alice")).await.unwrap();
    stream.write_all(b"GET /api/v1/keys/bob/enc_keys HTTP/1.1\r\nx: ").await.unwrap();
    let began = Instant::now();
    read_to_end(&mut stream).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let field = field().await;
    let mut stream = field.tls(0, &field.issued("sae-alice")).await.unwrap();
    stream.write_all(b"GET /api/v1/keys/bob/status HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408_and_draws_nothing() {
    let field = field().await;
    let mut stream = field.tls(0, &field.issued("sae-alice")).await.unwrap();
    stream.write_all(post(100).as_bytes()).await.unwrap();
    stream.write_all(b"{\"number\":").await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.ends_with("{\"message\":\"the body did not come in time\"}"), "{answer}");
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn a_body_that_breaks_off_draws_nothing() {
    let field = field().await;
    let mut stream = field.tls(0, &field.issued("sae-alice")).await.unwrap();
    stream.write_all(post(100).as_bytes()).await.unwrap();
    stream.write_all(b"{}").await.unwrap();
    stream.shutdown().await.unwrap();
    read_to_end(&mut stream).await;
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn a_client_that_closes_its_sending_half_is_answered() {
    let field = field().await;
    let mut stream = field.tls(0, &field.issued("sae-alice")).await.unwrap();
    stream.write_all(post(2).as_bytes()).await.unwrap();
    stream.write_all(b"{}").await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("\"key_ID\""));
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_dropped() {
    let field = field().await;
    // A small window: few answers fill all buffers on the way.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(field.doors[0]).await.unwrap();
    let config = super::certificates::config_of(
        &field,
        Some(&field.issued("sae-alice")),
        rustls::ALL_VERSIONS,
    );
    let mut stream = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
        .connect("localhost".try_into().unwrap(), stream)
        .await
        .unwrap();
    let request = "GET /api/v1/keys/bob/enc_keys?number=128&size=16384 HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request.repeat(20).as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let dropped = async {
        while connections(&field) > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, dropped).await.expect("still open");
}

fn connections(field: &Field) -> u32 {
    let text = field.metrics.to_text();
    let name = "qkms_connections{kme=\"kme-a\"} ";
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_is_no_http_gets_400_and_is_closed() {
    let field = field().await;
    for bytes in [
        &b"\0\xff\xfe\r\n\r\n"[..],
        b"GET /api/v1/keys/bob/enc_keys HTTP/9.9\r\n\r\n",
        b"GET /api/v1/keys/bob/enc_keys HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /api/v1/keys/bob/enc_keys HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/v1/keys/bob/enc_keys HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ] {
        let mut stream = field.tls(0, &field.issued("sae-alice")).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    assert_eq!(field.link.left(), 10_000);
    assert_eq!(field.connect("alice").await.get("/api/v1/keys/bob/enc_keys").await.keys().len(), 1);
}

#[tokio::test]
async fn a_server_told_to_stop_finishes_the_request_that_has_begun() {
    let field = Field::start_with(|settings| settings.stop_s = 5).await;
    let mut idle = field.tls(0, &field.issued("sae-carol")).await.unwrap();
    let mut busy = field.tls(0, &field.issued("sae-alice")).await.unwrap();
    busy.write_all(post(2).as_bytes()).await.unwrap();
    busy.write_all(b"{").await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let door = field.doors[0];
    let stopping = tokio::spawn(field.stop());
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(TcpStream::connect(door).await.is_err());
    busy.write_all(b"}").await.unwrap();
    assert!(read_to_end(&mut busy).await.starts_with("HTTP/1.1 200 OK"));
    timeout(Duration::from_secs(2), stopping).await.unwrap().unwrap();
}
