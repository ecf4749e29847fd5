//! Sites that stop in between.

use super::*;

impl Ground {
    /// Stops all sites and starts them again.
    async fn restart(self, options: &Options) -> Self {
        for kme in &self.line.kmes {
            kme.stop().await;
        }
        let Self { line, before, after, folder } = self;
        drop(line);
        let line = Line::start(folder.path(), options, |_, _, dialer| dialer).await.unwrap();
        Self { line, before, after, folder }
    }
}

#[tokio::test]
async fn an_acknowledged_key_outlives_a_restart_of_all() {
    let ground = Ground::new(&options()).await;
    let keys = enc(&ground, Site::A, "sae-a1", "sae-c1", 3).await.unwrap();
    let ground = ground.restart(&options()).await;
    assert!(dec(&ground, Site::C, "sae-c1", "sae-a1", ids(&keys)).await.unwrap() == keys);
    let relayed = ground.relayed().await;
    assert_eq!(relayed, [relayed[0]; 4]);
}

#[tokio::test]
async fn a_withdrawal_waits_for_the_target_over_a_restart_of_the_origin() {
    let ground = Ground::impatient().await;
    // C holds the keys, A does not hear of it, and C cannot be told.
    ground.before.on_answers(|answer| match answer.reply {
        Reply::Ack(_) => vec![],
        _ => vec![answer],
    });
    ground.before.on_questions(|question| match question.ask {
        Ask::VoidKeys(_) => vec![],
        _ => vec![question],
    });
    let refused = enc(&ground, Site::A, "sae-a1", "sae-c1", 2).await;
    assert_eq!(refused.unwrap_err(), Refusal::Unconfirmed);
    assert_eq!(ground.held(Site::C).await.stored, 512);
    let kept =
        ground.relay(Site::A).store().run(|books| books.kept_withdrawals(None, usize::MAX)).await;
    assert_eq!(kept.unwrap().len(), 1);
    let ground = ground.restart(&options()).await;
    ground.withdrawn(Site::A).await;
    let held = ground.held(Site::C).await;
    assert_eq!((held.stored, held.wasted), (0, 512));
}

#[tokio::test]
async fn a_pad_that_was_drawn_stays_spent_although_nothing_left() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    let link = ground.link(Site::A, 0);
    let outgoing = link.end.outgoing();
    let draw = move |books: &mut crate::pool::Books<'_>| books.draw_pad(outgoing, 112, None);
    let pad = link.store.run(draw).await.unwrap();
    let ground = ground.restart(&options()).await;
    ground.settle().await;
    for site in [Site::A, Site::M] {
        let link = ground.link(site, 0);
        let pool = crate::pool::Pool::Keys(outgoing);
        let free = link.store.run(move |books| books.free_ranges(pool)).await.unwrap();
        let overlaps = |range: &crate::pool::Range| {
            pad.ranges.iter().any(|pad| {
                pad.block == range.block && pad.offset < range.end() && range.offset < pad.end()
            })
        };
        assert!(!free.iter().any(overlaps), "{site:?}");
    }
    // The end that drew it counts it as spent; the other was told of nothing, and wastes it.
    let [a, m, ..] = ground.ledgers().await;
    assert_eq!((a.relayed, m.relayed), (8 * 112, 0));
    assert!(m.wasted >= 8 * 112);
}
