//! Records that Bob's end signs.

use super::*;
use crate::{
    kme::testing::{Options, Pair},
    records::Testimony,
};

#[tokio::test]
async fn one_record_of_a_block_is_signed_however_often_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::start(folder.path(), &Options::default()).await.unwrap();
    let link = &pair.kmes[1].links()[0];
    let (runs, _starts) = Runs::new();
    let block = 1 << 20;
    let ended = Some((Ending::Discarded("qber".into()), Evidence::default()));
    *runs.lock() = Some(Finished { block, key: None, ended, record: None });
    // As of an end at rest: a record of another block would come between.
    for kme in &pair.kmes {
        kme.wind_down().await;
    }
    let first = Testimony::default();
    let other = Testimony { raw: [1; 32], ..first };
    let signed = runs.witness(link, Witness { block, testimony: first }).await.unwrap();
    for _ in 0..2 {
        let second = runs.witness(link, Witness { block, testimony: other }).await;
        assert_eq!(second, Err(Why::Record), "Alice's end would choose between two roots");
    }
    assert_eq!(runs.witness(link, Witness { block, testimony: first }).await, Ok(signed));
    pair.stop().await;
}
