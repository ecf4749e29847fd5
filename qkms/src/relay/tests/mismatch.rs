//! Signatures that do not hold by the key that is configured: as where `relay_key` is another one's.

use std::io;

use super::*;
use crate::relay::seal::{Statement, hash};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Keeps what this thread logs from now on.
    fn keep() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn a_signature_by_another_key_is_blamed_on_the_configuration_first() {
    let ground = Ground::new(&options()).await;
    let (log, _guard) = Log::keep();
    // At the target: the origin has another key than is configured there.
    let (other, link) = (RelayKey::new(&[99; 32]), ground.link(Site::M, 1));
    let keys: zeroize::Zeroizing<Vec<u8>> = vec![1; SALT_BYTES + 32].into();
    let order = order();
    let signature = other.sign(Statement::Sent(hash(&keys)), &order);
    let patience = Duration::from_secs(60);
    let sent = ground.relay(Site::M).send(link, order.clone(), None, signature, &keys, patience);
    assert!(sent.await.unwrap_err().to_string().contains("Signature"));
    let signature = other.sign(Statement::Void, &order);
    let void = Ask::VoidKeys(Void { order: order.clone(), signature });
    link.line.done(void).await.unwrap_err();
    // At the origin: the target has another one.
    ground.before.on_answers(move |answer| match answer.reply {
        Reply::Ack(_) => {
            let held = other.sign(Statement::Held([0; 32]), &order);
            vec![Answer { reply: Reply::Ack(held), ..answer }]
        }
        _ => vec![answer],
    });
    let refused = enc(&ground, Site::A, "sae-a1", "sae-c1", 1).await;
    assert_eq!(refused.unwrap_err(), Refusal::Unconfirmed);
    let text = log.text();
    for what in ["keys from there are refused", "a withdrawal is refused", "were not acknowledged"]
    {
        let line = text.lines().find(|line| line.contains(what)).unwrap_or_default();
        assert!(line.contains("`relay_key` that is configured"), "{what}: {text}");
        assert!(line.contains("kme-a") || line.contains("kme-c"), "{line}");
    }
}

#[tokio::test]
async fn an_origin_whose_signature_is_refused_names_the_key_that_it_has() {
    let ground = Ground::new(&options()).await;
    let (log, _guard) = Log::keep();
    ground.before.on_answers(|answer| match answer.reply {
        Reply::Ack(_) => vec![Answer { reply: Reply::Refused(Why::Signature), ..answer }],
        _ => vec![answer],
    });
    enc(&ground, Site::A, "sae-a1", "sae-c1", 1).await.unwrap_err();
    let own = hex::encode(ground.relay(Site::A).key.public());
    assert!(log.text().contains(&format!("does not know the signature of this KME, {own}")));
}
