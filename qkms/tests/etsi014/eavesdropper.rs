//! Somebody listens on a served link, which closes; an operator opens it when she has gone.

use std::{net::SocketAddr, time::Instant};

use qkms::{client::KeyRequest, kme::service::SaeId};
use serde_json::{Value, json};

use super::{
    audits::ask,
    leaks::get_plain,
    served::{PATIENCE, await_keys, certificates, client, configuration, serve, terminate},
};

/// Why each end of the link is closed, as the status page says it.
async fn closed(page: SocketAddr) -> Vec<Value> {
    let report: Value = serde_json::from_slice(&get_plain(page, "/status.json").await).unwrap();
    let links = report["links"].as_array().unwrap().iter();
    links.map(|link| link["closed"].clone()).collect()
}

#[tokio::test]
async fn an_eavesdropper_closes_a_running_link_until_an_operator_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    configuration(folder.path());
    let (mut process, [a, _, page]) = serve(folder.path(), "qkms.toml");
    let token = std::fs::read_to_string(folder.path().join("store-kme-a/operation.token")).unwrap();
    let post = async |path: &str, kme: &str, peer: &str, eavesdropper: Option<Value>| {
        let mut body = json!({"kme": kme, "peer": peer});
        if let Some(eavesdropper) = eavesdropper {
            body["eavesdropper"] = eavesdropper;
        }
        ask(page, &token, "POST", path, &body.to_string()).await.0
    };
    let share = |share: f64| Some(json!({"intercept-resend": {"share": share}}));
    let listen = async |kme, peer, who| post("/eavesdropper", kme, peer, who).await;
    let (alice, bob): (_, SaeId) = (client(folder.path(), "alice", a), "bob".parse().unwrap());
    await_keys(&alice, &bob, 10).await;
    let figures = async || alice.status(&bob).await.unwrap().figures().unwrap();
    let sound = figures().await;
    assert!(sound.sound && sound.qber_ppm.is_some_and(|qber| qber < 50_000), "{sound:?}");
    // What cannot be changes nothing.
    let refused = [
        listen("kme-a", "kme-b", share(1.5)).await,
        listen("kme-a", "kme-b", Some(json!("somebody"))).await,
        listen("kme-b", "kme-a", share(1.0)).await,
        listen("kme-a", "nobody", share(1.0)).await,
        post("/open", "kme-a", "kme-b", None).await,
        ask(page, "", "POST", "/open", r#"{"kme": "kme-a", "peer": "kme-b"}"#).await.0,
    ];
    assert_eq!(refused, [400, 422, 409, 404, 409, 401]);
    assert!(closed(page).await.iter().all(Value::is_null));

    assert_eq!(listen("kme-a", "kme-b", share(1.0)).await, 204);
    // The next block betrays her; there is room for one as keys are drawn.
    let request = KeyRequest { number: Some(10), ..KeyRequest::default() };
    let (began, mut drawn) = (Instant::now(), 0);
    while closed(page).await.iter().any(Value::is_null) {
        assert!(began.elapsed() < PATIENCE, "the link stays open");
        drawn += alice.enc_keys(&bob, &request).await.map_or(0, |keys| keys.len());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(closed(page).await, ["qber", "qber"]);
    let sick = figures().await;
    assert!(!sick.sound && sick.qber_ppm.is_some_and(|qber| qber > 150_000), "{sick:?}");
    // What was made before stays, and comes to its end.
    while let Ok(keys) = alice.enc_keys(&bob, &request).await {
        drawn += keys.len();
    }
    assert!(drawn > 0);

    // While she listens an operator opens it in vain.
    let open = async |kme, peer| post("/open", kme, peer, None).await;
    assert_eq!([open("kme-a", "kme-b").await, open("kme-b", "kme-a").await], [204, 204]);
    let pause = || tokio::time::sleep(std::time::Duration::from_millis(20));
    while open("kme-a", "kme-b").await == 409 {
        assert!(began.elapsed() < PATIENCE, "the link stays open");
        pause().await;
    }
    assert_eq!(listen("kme-a", "kme-b", Some(Value::Null)).await, 204);
    while alice.status(&bob).await.unwrap().stored_key_count < 10 {
        assert!(began.elapsed() < PATIENCE, "the link stays closed");
        // A block that she still heard may close it once more.
        let _ = [open("kme-a", "kme-b").await, open("kme-b", "kme-a").await];
        pause().await;
    }
    terminate(&mut process).await;
}
