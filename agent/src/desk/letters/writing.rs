//! The letters that this end writes.

use super::{Books, Desk, Refusal, Traffic, lock, remove_one};
use crate::{
    address::Address,
    desk::{
        answering::TEXT,
        jobs::{Job, Kind, Work},
        opening::fits,
    },
    letter::{Envelope, Fate, Head, LetterRecord, Written},
    store::Row,
};
use q_sah::{
    About, AccountId, End, Ends, GenesisHash, Key, KeyId, Letter, SaeId as End14, Seal, seal_letter,
};
use qedex_primitives::{agent::AccountBytes, qkd::MailAddress};
use qkms::{client, kme::service::SaeId};
use std::sync::{Arc, Mutex};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The longest text that a user writes, in bytes.
pub const MAX_LETTER_BYTES: usize = 16_384;

/// The most letters to one reader that wait, ...
pub const MAX_QUEUED_OF_ONE: usize = 64;

/// ... and to all of them.
pub const MAX_QUEUED: usize = 1_024;

/// The most letters that are remembered when nothing is to be done for them any more.
pub const MAX_DONE: usize = 1_024;

/// What a user wants written.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// How the user names the wish, if it may ask again.
    pub request: Option<Uuid>,
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The account that writes.
    pub from: AccountBytes,
    /// The account that is to read.
    pub to: AccountBytes,
    /// Its SAE.
    pub to_sae: SaeId,
    /// Which node keeps its mail.
    pub mail: MailAddress,
    /// What it is about.
    pub about: About,
    /// How it is sealed.
    pub seal: Seal,
    /// The text.
    pub text: Zeroizing<Vec<u8>>,
}

/// What a draft takes.
// One of a kind at a time.
#[allow(clippy::large_enum_variant)]
pub enum Writing {
    /// Nothing: the letter of this number was written before.
    Granted(u64),
    /// A key, for [`Desk::written`].
    Draw(Pen),
}

/// A place kept free for a letter that is about to be written, until this is dropped.
pub struct Pen {
    draft: Draft,
    traffic: Arc<Mutex<Traffic>>,
}

impl Pen {
    /// With whom the key is shared.
    pub fn peer(&self) -> &SaeId {
        &self.draft.to_sae
    }

    /// How the letter is to be sealed.
    pub fn seal(&self) -> Seal {
        self.draft.seal
    }

    fn bytes(&self) -> usize {
        self.draft.seal.key_bytes(self.draft.text.len())
    }

    /// Bits of the key.
    pub fn bits(&self) -> u32 {
        u32::try_from(self.bytes()).unwrap_or(u32::MAX).saturating_mul(8)
    }
}

impl Drop for Pen {
    fn drop(&mut self) {
        let ours = (self.draft.request.map(Uuid::into_bytes), self.draft.to);
        remove_one(&mut lock(&self.traffic).drafts, |draft| *draft == ours);
    }
}

impl Desk {
    /// What a draft takes. One that was written before goes to the address that is named now.
    ///
    /// # Errors
    ///
    /// [`Refusal::Bad`], [`Refusal::OtherChain`], [`Refusal::OtherAccount`], [`Refusal::RequestDiffers`],
    /// [`Refusal::UnderWay`], [`Refusal::LetterQueue`], or the store.
    pub fn draft(&self, draft: Draft) -> Result<Writing, Refusal> {
        if draft.text.is_empty() || draft.text.len() > MAX_LETTER_BYTES {
            return Err(Refusal::Bad("a text has 1 to 16384 bytes"));
        }
        if draft.from == draft.to {
            return Err(Refusal::Bad("from and to are one account"));
        }
        if draft.to_sae == *self.sae() {
            return Err(Refusal::Bad("to_sae is the agent's own SAE"));
        }
        let mail = std::str::from_utf8(&draft.mail).ok().map(str::parse::<Address>);
        if !matches!(mail, Some(Ok(_))) {
            return Err(Refusal::Bad(
                "mail is not of the form /ip4/ADDRESS/tcp/PORT, /ip6/... or /dns/...",
            ));
        }
        self.transact(|books| {
            fits(books, draft.genesis)?;
            if books.general.account.is_some_and(|account| account != draft.from) {
                return Err(Refusal::OtherAccount);
            }
            let request = draft.request.map(Uuid::into_bytes);
            let named =
                |(_, written): &(u64, &Written)| request.is_some() && written.request == request;
            let before = books.written().find(named);
            let before = before.map(|(number, written)| (number, self.is_same(written, &draft)));
            if let Some((number, is_same)) = before {
                if !is_same {
                    return Err(Refusal::RequestDiffers);
                }
                self.readdress(books, &draft);
                return Ok(Writing::Granted(number));
            }
            let mut traffic = lock(&self.traffic);
            let drafts = &mut traffic.drafts;
            if request.is_some() && drafts.iter().any(|(other, _)| *other == request) {
                return Err(Refusal::UnderWay);
            }
            let queued = books.queued_letters().map(|(_, written)| written.to);
            let all: Vec<AccountBytes> = queued.chain(drafts.iter().map(|(_, to)| *to)).collect();
            if all.iter().filter(|to| **to == draft.to).count() >= MAX_QUEUED_OF_ONE {
                return Err(Refusal::LetterQueue(MAX_QUEUED_OF_ONE));
            }
            if all.len() >= MAX_QUEUED {
                return Err(Refusal::LetterQueue(MAX_QUEUED));
            }
            drafts.push((request, draft.to));
            Ok(Writing::Draw(Pen { draft, traffic: Arc::clone(&self.traffic) }))
        })
    }

    fn is_same(&self, written: &Written, draft: &Draft) -> bool {
        let Head { purpose, slot, trade, seal, .. } = written.head;
        let about = &draft.about;
        written.to == draft.to
            && written.to_sae == draft.to_sae.as_str()
            && (purpose, slot, trade) == (about.purpose.0, about.slot.0, about.trade.0)
            && seal == draft.seal.code()
            && written.print == self.store.fingerprint(TEXT, &draft.text)
    }

    /// Sends what waits for a reader to the address that is named now.
    fn readdress(&self, books: &mut Books, draft: &Draft) {
        let elsewhere = |(_, written): &(u64, &Written)| {
            written.to == draft.to
                && written.to_sae == draft.to_sae.as_str()
                && written.mail != draft.mail
        };
        let queued = books.queued_letters().filter(elsewhere);
        let moved: Vec<(u64, Written)> =
            queued.map(|(number, written)| (number, written.clone())).collect();
        for (number, written) in moved {
            let mail = draft.mail.clone();
            books.put_letter(number, LetterRecord::Written(Written { mail, ..written }));
            self.recovered(number);
        }
    }

    /// Writes the letter with the key that its pen takes, and gives its number. It waits from now on.
    ///
    /// # Errors
    ///
    /// [`Refusal::Keys`] if the key is not fit, [`Refusal::OtherChain`], or the store. The key is lost then.
    pub fn written(&self, pen: &Pen, keys: Vec<client::Key>) -> Result<u64, Refusal> {
        let draft = &pen.draft;
        self.transact(|books| {
            fits(books, draft.genesis)?;
            if let Some(what) = self.unfit(&keys, 1, pen.bytes())? {
                return Err(Refusal::Keys(what));
            }
            self.take(books, &keys);
            let [key]: [client::Key; 1] = keys.try_into().map_err(|_| Refusal::State)?;
            let key = Key::new(KeyId(key.id.into_bytes()), key.bytes);
            let end = |account, sae: &SaeId| {
                End14::new(sae.as_str()).map(|sae| End { account: AccountId(account), sae })
            };
            let sealed = end(draft.from, self.sae()).and_then(|from| {
                let ends =
                    Ends::new(GenesisHash(draft.genesis), from, end(draft.to, &draft.to_sae)?)?;
                Ok(seal_letter(&ends, draft.about, draft.seal, key, &draft.text)?)
            });
            let letter = sealed.map_err(|_| Refusal::State)?;
            let head = Head::of(&Letter::parse(&letter).map_err(|_| Refusal::State)?);
            let envelope = Envelope {
                genesis: draft.genesis,
                from_sae: self.sae().clone(),
                to_sae: draft.to_sae.clone(),
                letter,
            };
            self.readdress(books, draft);
            let number = books.next_number();
            let bytes = Zeroizing::new(envelope.to_bytes());
            books.changes.push((Row::LetterBytes(number), Some(bytes)));
            let written = Written {
                request: draft.request.map(Uuid::into_bytes),
                to: draft.to,
                to_sae: draft.to_sae.as_str().to_owned(),
                mail: draft.mail.clone(),
                head,
                print: self.store.fingerprint(TEXT, &draft.text),
                at: self.now(),
                fate: Fate::Queued,
            };
            books.put_letter(number, LetterRecord::Written(written));
            books.count_letters(|counts| counts.written = counts.written.saturating_add(1));
            Ok(number)
        })
    }

    /// The delivery of a letter, if it may start now: it is the first one that waits for its reader, who does
    /// not rest.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn letter_delivery(&self, number: u64) -> Result<Option<Job>, Refusal> {
        let now = self.now();
        self.transact(|books| {
            let is_head = books.letter_heads().any(|head| head == number);
            Ok(is_head.then(|| self.start(number, Kind::Letter, Work::Letter, now)).flatten())
        })
    }

    /// Whether a letter is being delivered.
    pub fn is_letter_under_way(&self, number: u64) -> bool {
        self.is_airborne(number, Kind::Letter)
    }

    /// Where a letter goes, and its envelope; none if it does not wait.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn letter_parcel(&self, number: u64) -> Result<Option<(MailAddress, Vec<u8>)>, Refusal> {
        self.transact(|books| {
            let queued = books.letters.get(&number).and_then(LetterRecord::queued);
            let Some(written) = queued else { return Ok(None) };
            let bytes = self.store.read(Row::LetterBytes(number))?.ok_or(Refusal::State)?;
            Ok(Some((written.mail.clone(), bytes.to_vec())))
        })
    }

    /// Notes that the reader's node has taken a letter.
    ///
    /// # Errors
    ///
    /// The store: the letter is delivered once more then, which changes nothing.
    pub fn letter_delivered(&self, number: u64) -> Result<(), Refusal> {
        self.recovered(number);
        self.transact(|books| {
            books.finish_letter(number, Fate::Delivered);
            Ok(())
        })
    }

    /// Notes that the reader's node will never take a letter, for this reason.
    ///
    /// # Errors
    ///
    /// The store: the letter is delivered once more then.
    pub fn letter_refused(&self, number: u64, why: &str) -> Result<(), Refusal> {
        self.transact(|books| {
            books.finish_letter(number, Fate::GivenUp(why.to_owned()));
            Ok(())
        })
    }
}

impl Books {
    /// Ends the wait of a letter. The oldest ones that wait no more are forgotten.
    pub(super) fn finish_letter(&mut self, number: u64, fate: Fate) {
        let queued = self.letters.get(&number).and_then(LetterRecord::queued);
        let Some(mut written) = queued.cloned() else { return };
        self.count_letters(|counts| match fate {
            Fate::Delivered => counts.delivered = counts.delivered.saturating_add(1),
            Fate::GivenUp(_) => counts.given_up = counts.given_up.saturating_add(1),
            Fate::Queued => {}
        });
        written.fate = fate;
        self.changes.push((Row::LetterBytes(number), None));
        self.put_letter(number, LetterRecord::Written(written));
        let done = self.written().filter(|(_, written)| written.fate != Fate::Queued);
        let done: Vec<u64> = done.map(|(number, _)| number).collect();
        let excess = done.len().saturating_sub(MAX_DONE);
        done.into_iter().take(excess).for_each(|number| self.drop_letter(number));
    }
}
