//! One life of nodes and agents, in which everything fails once.

use crate::{
    chain::{Chain, until},
    field::{End, Field, Handshake, Stage},
    kme::{Asked, Fault},
    sights::Sight,
};
use qedex_primitives::qkd::SessionId;
use serde_json::json;
use std::time::{Duration, Instant};

/// What has become of it so far.
pub struct Life {
    pub field: Field,
    /// Sessions that are open.
    pub open: Vec<(Handshake, SessionId)>,
    /// One that nobody closes.
    pub lapsing: Option<Handshake>,
    /// One that Dave's agent has opened, and of which the chain does not know yet.
    pub unsent: Option<Handshake>,
    /// What could be seen when a session's message 2 was not made yet.
    pub before_answer: Option<(Sight, Handshake)>,
    /// What could be seen when a session's message 3 was not said yet.
    pub before_confirmation: Option<(Sight, Handshake)>,
    /// The transactions of blocks that a reorganisation took away.
    pub taken_back: Vec<String>,
    /// The slots in which not all authors could reach each other.
    pub apart: std::ops::RangeInclusive<u64>,
    began: Instant,
}

impl Life {
    pub fn new(field: Field) -> Self {
        Self {
            field,
            open: Vec::new(),
            lapsing: None,
            unsent: None,
            before_answer: None,
            before_confirmation: None,
            taken_back: Vec::new(),
            apart: std::ops::RangeInclusive::new(1, 0),
            began: Instant::now(),
        }
    }

    pub fn note(&self, what: &str) {
        println!("{:5.1} s: {what}", self.began.elapsed().as_secs_f64());
    }

    /// A session opens, and texts go both ways.
    async fn opens(&mut self, handshake: &Handshake) {
        let session = self.field.opened(handshake).await;
        self.field.speak(handshake, session).await;
        self.open.push((handshake.clone(), session));
        let (from, blocks) = (handshake.from, session.0);
        self.note(&format!("session {blocks}, of {from:?}, is open, and texts went both ways"));
    }

    /// That B has given a handshake up, and why.
    async fn given_up(&self, handshake: &Handshake, why: &str) {
        let agent = self.field.agent(handshake.from.other());
        let session = agent.await_state(handshake.number, &["given-up"]).await;
        let reason = session["reason"].as_str().expect("a reason");
        assert!(reason.contains(why), "{reason}");
    }

    /// A is told why there is no session.
    async fn refused(&self, from: End, suite: &str, why: &str) {
        let (code, said) = self.field.try_ask(from, suite).await.expect_err("there are no keys");
        assert_eq!(code, 502, "{said}");
        assert!(said.contains(why), "{said} does not name {why}");
    }

    /// The services are down when the nodes start; then they die before and after they have drawn a key,
    /// say rubbish, and have too few keys, at A's end and at B's.
    pub async fn services_fail_at_first(&mut self) {
        self.refused(End::Dave, "hmac", "no connection").await;
        let west = self.field.west.clone();
        west.open().await;
        let faults = [
            (Fault::DiesBefore, "no connection"),
            (Fault::DiesAfter, "no connection"),
            (Fault::Half, "no key container"),
            (Fault::Misshapen, "no key container"),
            (Fault::Exhausted, "not enough keys"),
            (Fault::TooFew, "another number of keys"),
        ];
        for (fault, why) in faults {
            west.plan(Asked::Enc, &[fault]);
            self.refused(End::Dave, "one-time", why).await;
        }
        let first = self.field.ask(End::Dave, "one-time").await;
        let second = self.field.ask(End::Dave, "hmac").await;
        self.field.nodes_see(&[&first, &second]).await;
        // Eve's service is still down.
        let eve = self.field.eve.clone();
        until("a failure", || async {
            let session = eve.session(first.number).await?;
            session["reason"].as_str().filter(|why| why.contains("no connection")).map(|_| ())
        })
        .await;
        for node in self.field.nodes.all() {
            self.field.look(node).await;
        }
        self.before_answer = Some((self.field.sight("before-answer"), first.clone()));
        let plan = [Fault::Exhausted, Fault::DiesBefore, Fault::Fine, Fault::DiesAfter];
        self.field.east.plan(Asked::Dec, &plan);
        self.field.east.clone().open().await;
        self.opens(&first).await;
        // The second one's key was told to nobody, and is told to nobody any more.
        self.given_up(&second, "does not tell the keys").await;
        self.lapsing = Some(second);
    }

    /// Eve's service is silent for half a minute. Meanwhile Dave's node is killed as B, three times.
    pub async fn a_silent_service_and_an_end_that_is_killed_as_b(&mut self) {
        let slow = self.field.ask(End::Dave, "hmac").await;
        let other = self.field.ask(End::Eve, "one-time").await;
        let alice = self.field.alice().await;
        let before = alice.best().await;
        self.field.east.plan(Asked::Dec, &[Fault::Silent]);
        self.field.east.plan(Asked::Enc, &[Fault::Silent]);
        self.field.west.plan(Asked::Dec, &[Fault::Held, Fault::Held]);
        self.field.request(&slow, &alice).await;
        self.field.request(&other, &alice).await;
        let (eve, wish) = (self.field.eve.clone(), self.field.wish(End::Eve, "hmac"));
        let asked = tokio::spawn(async move {
            let began = Instant::now();
            let (code, said) = eve.ask(hyper::Method::POST, "/v1/sessions", &wish).await;
            (code, said, began.elapsed())
        });

        // Killed while its key is on its way: it was not told, so it is asked for again.
        let west = self.field.west.clone();
        west.committed(Asked::Dec, Fault::Held, 1).await;
        self.field.nodes.dave.kill();
        west.gave_up(1).await;
        self.field.nodes.dave.start();
        // Killed when it has answered and nobody else knows.
        west.committed(Asked::Dec, Fault::Held, 2).await;
        self.field.nodes.leash.cut();
        west.release();
        self.field.dave.await_state(other.number, &["answered"]).await;
        self.field.nodes.dave.kill();
        assert_eq!(self.stage_of(&other, &alice).await, Some(Stage::Requested));
        self.field.nodes.leash.heal();
        self.field.nodes.dave.start();
        // Killed when its answer is on the chain, and A confirms; and as A, with a message 1 that nobody knows.
        self.field.reached(&other, Stage::Accepted, &alice).await;
        self.unsent = Some(self.field.ask(End::Dave, "hmac").await);
        self.field.nodes.dave.kill();
        self.field.reached(&other, Stage::Open, &alice).await;
        self.field.nodes.dave.start();
        self.opens(&other).await;

        let (code, said, took) = asked.await.expect("it does not panic");
        assert_eq!(code, 502);
        assert!(String::from_utf8_lossy(&said).contains("did not answer in time"), "{said:?}");
        let blocks = alice.best().await.number - before.number;
        self.note(&format!("{blocks} blocks, and silence of a service for {took:?}"));
        assert!(took >= Duration::from_secs(29) && blocks >= 5);
        self.opens(&slow).await;
    }

    async fn stage_of(&self, handshake: &Handshake, chain: &Chain) -> Option<Stage> {
        self.field.view(handshake, chain).await.map(|view| crate::field::stage(&view))
    }

    /// Dave's node is behind of what it is sent, and is killed as A, after it has been so before.
    pub async fn an_end_that_lags_behind_and_is_killed_as_a(&mut self) {
        let handshake = self.unsent.take().expect("its node was killed meanwhile");
        let alice = self.field.alice().await;
        let lagging = Chain::of(&self.field.nodes.dave, &self.field.record).await;
        self.field.nodes.leash.cut();
        self.field.request(&handshake, &alice).await;
        let view = self.field.reached(&handshake, Stage::Accepted, &alice).await;
        // Its node does not know of the request yet, and is brought the answer.
        assert!(self.field.view(&handshake, &lagging).await.is_none());
        let answer = self.field.step_of(view.id, &alice).await;
        for _ in 0..2 {
            let told = lagging.try_ask("author_submitExtrinsic", json!([answer])).await;
            let told = told.expect_err("it cannot know yet");
            // 1011 is "unknown", of code 1. A transaction that is banned would get 1012 from then on.
            assert!(told.contains("1011") && told.contains("Custom(1)"), "{told}");
        }
        for node in self.field.nodes.all() {
            self.field.look(node).await;
        }
        let sight = self.field.sight("before-confirmation");
        self.before_confirmation = Some((sight, handshake.clone()));
        // Killed before it knows of the answer.
        self.field.nodes.dave.kill();
        self.field.nodes.leash.heal();
        self.field.nodes.dave.start();
        // Killed when it has confirmed.
        self.field.dave.await_state(handshake.number, &["confirmed", "open"]).await;
        self.field.nodes.dave.kill();
        self.field.nodes.dave.start();
        self.opens(&handshake).await;
    }

    /// A service's answers to B are of no use. The handshakes are given up, and closed.
    pub async fn answers_that_are_of_no_use(&mut self) {
        let alice = self.field.alice().await;
        let lapsing = self.lapsing.clone().expect("one was left alone");
        until("the end of the one that lapses", || async {
            self.field.view(&lapsing, &alice).await.is_none().then_some(())
        })
        .await;
        self.note("the one that lapsed is off the record");
        self.field.west.plan(Asked::Enc, &[Fault::Again]);
        self.refused(End::Dave, "hmac", "used before").await;

        let [half, misshapen, other_name, too_few] = [
            self.field.ask(End::Dave, "hmac").await,
            self.field.ask(End::Dave, "one-time").await,
            self.field.ask(End::Eve, "hmac").await,
            self.field.ask(End::Eve, "one-time").await,
        ];
        self.field.east.plan(Asked::Dec, &[Fault::Half, Fault::Misshapen]);
        self.field.west.plan(Asked::Dec, &[Fault::OtherName, Fault::TooFew]);
        let all = [&half, &misshapen, &other_name, &too_few];
        self.field.nodes_see(&all).await;
        for handshake in all {
            self.given_up(handshake, "does not tell the keys").await;
        }
        let mut deposits = Vec::new();
        for end in [End::Dave, End::Eve] {
            let ours = |one: &&(Handshake, SessionId)| one.0.from == end;
            let sessions = self.open.iter().filter(ours).count() as u128 + 2;
            let held = alice.held_for_sessions(end.keyring()).await;
            assert_eq!(held % sessions, 0, "{held} for {sessions} sessions");
            deposits.push(held / sessions);
        }
        assert!(deposits[0] > 0 && deposits[0] == deposits[1], "{deposits:?}");
        self.field.close(&all).await;
        self.note("four handshakes were given up and closed");
    }

    /// Authors are cut off from each other: Dave's request, and what came of it, is taken back, and comes
    /// again under another number, as its own was given to another one.
    pub async fn a_reorganisation(&mut self) {
        let ours = self.field.ask(End::Dave, "one-time").await;
        let other = self.field.ask(End::Eve, "hmac").await;
        let (alice, bob) = (self.field.alice().await, self.field.bob().await);
        // All of them are alone.
        self.field.nodes.split.cut();
        self.field.nodes.leash.cut();
        let cut = alice.best().await;
        self.field.request(&ours, &alice).await;
        self.field.request(&other, &bob).await;
        let near = self.field.reached(&ours, Stage::Accepted, &alice).await;
        let far = self.field.reached(&other, Stage::Requested, &bob).await;
        assert_eq!(near.id, far.id);
        let head = alice.best().await;
        let mut fork = Vec::new();
        let mut block = head.clone();
        while block.number > cut.number {
            fork.push((block.clone(), self.field.read_block(&alice, &block.hash).await));
            block = alice.block(&block.parent).await;
        }
        self.field.nodes.alice.stop();
        until("a longer chain", || async {
            // By so many that it stays the longer one, whoever finds the other's again, and when.
            (bob.best().await.number >= head.number + 6).then_some(())
        })
        .await;
        self.field.nodes.alice.wake();
        self.field.nodes.split.heal();
        self.field.nodes.leash.heal();
        until("a reorganisation", || async {
            (alice.hash_at(head.number).await? != head.hash).then_some(())
        })
        .await;
        for (block, transactions) in fork {
            if alice.hash_at(block.number).await != Some(block.hash) {
                self.taken_back.extend(transactions);
            }
        }
        assert!(crate::field::requests(&self.taken_back).contains(&ours.message1));
        let after = alice.best().await;
        self.apart = cut.slot..=after.slot + 2;
        self.note(&format!("{} transactions were taken back", self.taken_back.len()));
        let again = self.field.reached(&ours, Stage::Requested, &alice).await;
        assert_ne!(again.id, near.id, "it is another session on this chain");
        self.opens(&other).await;
        self.opens(&ours).await;
        let answers = crate::field::answers(&self.taken_back);
        let [(session, answer)] = &answers[..] else { panic!("one answer was taken back") };
        assert_eq!(*session, near.id);
        let second = self.field.step_of(again.id, &alice).await;
        let second = crate::field::answers(&[second]);
        assert_eq!(second, [(again.id, answer.clone())], "the same message 2 for no second key");
    }

    /// Two nodes have Dave's SAE and the key of its worker. One of them gets the key, whichever comes first.
    pub async fn two_workers_for_one_sae(&mut self) {
        let bob = self.field.bob().await;
        let worker = qedex_testnode::agents::public_of("//Dave//worker");
        bob.ask("author_insertKey", json!(["qsah", "//Dave//worker", worker])).await;
        self.field.back.clone().open().await;
        let [first, second] =
            [self.field.ask(End::Eve, "hmac").await, self.field.ask(End::Eve, "hmac").await];
        self.field.west.plan(Asked::Dec, &[Fault::Fine, Fault::Held]);
        self.field.back.plan(Asked::Dec, &[Fault::Held, Fault::Fine]);
        self.field.nodes_see(&[&first, &second]).await;
        let alice = self.field.alice().await;
        self.field.reached(&first, Stage::Accepted, &alice).await;
        self.field.back.release();
        self.field.reached(&second, Stage::Accepted, &alice).await;
        self.field.west.release();
        // The first key went to Dave's own node, ...
        self.opens(&first).await;
        self.twin_is(&first, "given-up").await;
        // ... and the second one to Bob's, which keeps no mail for Dave.
        self.given_up(&second, "does not tell the keys").await;
        self.twin_is(&second, "open").await;
        let session = self.field.reached(&second, Stage::Open, &alice).await.id;
        assert!(!self.field.eve.send(session.0, b"waits for ever").await);
        self.open.push((second, session));
        self.note("each of two agents got one of two keys");
    }

    async fn twin_is(&self, handshake: &Handshake, state: &str) {
        self.field.twin.await_state(handshake.number, &[state]).await;
    }

    /// All sessions are closed. No deposit is left.
    pub async fn everything_is_closed(&mut self) {
        let all: Vec<&Handshake> = self.open.iter().map(|(handshake, _)| handshake).collect();
        self.field.close(&all).await;
        let alice = self.field.alice().await;
        for end in [End::Dave, End::Eve] {
            assert!(alice.sessions_of(end.keyring()).await.is_empty());
            assert_eq!(alice.held_for_sessions(end.keyring()).await, 0, "{end:?}");
        }
        self.note("everything is closed");
    }
}
