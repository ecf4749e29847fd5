//! The KME within a process of its own, with a line protocol for SAEs.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use qkms::{
    kme::{
        Kme,
        line::{Dialer, Dialing},
        service::{EncRequest, KeyService, KmeId, SaeId},
        testing,
        wire::Stream,
    },
    pool::{BookError, Books, Pool},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};

/// Where a peer listens.
pub struct Socket(pub PathBuf);

impl Dialer for Socket {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async { Ok(Box::new(UnixStream::connect(&self.0).await?) as Box<dyn Stream>) })
    }
}

/// Listens where a process that was killed may have listened before.
pub fn listen(path: &Path) -> UnixListener {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{error}"),
        _ => UnixListener::bind(path).unwrap(),
    }
}

/// Answers the peer that comes to `door`, from now on.
pub fn answer_peer(kme: &Arc<Kme>, peer: KmeId, door: UnixListener) {
    let kme = Arc::clone(kme);
    tokio::spawn(async move {
        loop {
            let (stream, _) = door.accept().await.unwrap();
            let (kme, peer) = (Arc::clone(&kme), peer.clone());
            tokio::spawn(async move { kme.answer(&peer, Box::new(stream)).await });
        }
    });
}

/// Answers SAEs for ever.
pub async fn answer_saes(kme: Arc<Kme>, door: UnixListener) {
    loop {
        let (stream, _) = door.accept().await.unwrap();
        tokio::spawn(serve(Arc::clone(&kme), stream));
    }
}

async fn serve(kme: Arc<Kme>, stream: UnixStream) -> io::Result<()> {
    let (incoming, mut outgoing) = stream.into_split();
    let mut lines = BufReader::new(incoming).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = answer(&kme, &line).await;
        outgoing.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

async fn answer(kme: &Kme, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let id = |text: &str| -> SaeId { testing::id(text) };
    let keys = match words[..] {
        ["enc", master, slave] => {
            kme.enc_keys(&id(master), &id(slave), EncRequest::default()).await
        }
        ["dec", caller, master, key] => {
            kme.dec_keys(&id(caller), &id(master), vec![key.parse().unwrap()]).await
        }
        ["audit"] => return audit(kme).await.unwrap_or_else(|error| format!("failed {error}\n")),
        _ => panic!("{line}"),
    };
    match keys {
        Ok(keys) => {
            let hex: String = keys[0].key.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("key {} {hex}\n", keys[0].id)
        }
        Err(refusal) => format!("refused {refusal:?}\n"),
    }
}

/// Withdrawals that are open, then for each link whether its line is ready and what is free.
async fn audit(kme: &Kme) -> Result<String, qkms::pool::StoreError> {
    let kept = |books: &mut Books<'_>| {
        books.audit()?;
        books.kept_withdrawals(None, usize::MAX)
    };
    let kept = match kme.relay() {
        Some(relay) => relay.store().run(kept).await?.len(),
        None => 0,
    };
    let mut parts = vec![kept.to_string()];
    for link in kme.links() {
        let free = |books: &mut Books<'_>| -> Result<Vec<_>, BookError> {
            books.audit()?;
            Pool::ALL.into_iter().map(|pool| books.free_ranges(pool)).collect()
        };
        let free = link.store.run(free).await?;
        parts.push(format!("{} {free:?}", link.line.is_ready()));
    }
    Ok(format!("books {}\n", parts.join("|")))
}
