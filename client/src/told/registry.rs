//! Sites, links and enrolments of key services.

use crate::{
    market::Account,
    registry::{Accepts, Link, Site, site_name},
    text::account_text,
};
use qedex_primitives::qkd::{Enrolment, EnrolmentId, LinkId, SiteId};
use serde_json::{Value, json};

/// An enrolment, for programs.
pub fn enrolment_json(id: EnrolmentId, one: &Enrolment<Account>) -> Value {
    json!({
        "enrolment": id.0,
        "sae": String::from_utf8_lossy(&one.sae),
        "site": one.site.0,
        "account": account_text(one.account),
        "expires": one.expires,
        "accepted": one.accepted,
    })
}

/// A link, in words.
pub fn link_in_words((id, link): &(LinkId, Link)) -> String {
    let [one, other] = link.sites.map(|site| site.0);
    let standing = if link.agreed { "" } else { ", which waits for the other operator" };
    format!("link {} from site {one} to site {other}, {} bit/s{standing}", id.0, link.rate.0)
}

/// From whom requests are taken, for programs.
pub fn accepts_json(accepts: &Accepts) -> Value {
    match accepts {
        Accepts::Anyone => json!("anyone"),
        Accepts::Nobody => json!("nobody"),
        Accepts::Listed(all) => all.iter().map(|one| account_text(*one)).collect(),
    }
}

/// From whom requests are taken, in words.
pub fn accepts_in_words(accepts: &Accepts) -> String {
    match accepts {
        Accepts::Anyone => "anyone".to_owned(),
        Accepts::Nobody => "nobody".to_owned(),
        Accepts::Listed(all) => {
            let all: Vec<_> = all.iter().map(|one| account_text(*one)).collect();
            all.join(", ")
        }
    }
}

/// Where an enrolment stands, in words.
pub const fn standing(enrolment: &Enrolment<Account>, now: u64) -> &'static str {
    match (enrolment.accepted, enrolment.expires > now) {
        (false, _) => "waits for its consent",
        (true, false) => "has expired",
        (true, true) => "stands",
    }
}

/// A site, for programs.
pub fn site_json((id, site): &(SiteId, Site)) -> Value {
    json!({
        "site": id.0,
        "name": site_name(site),
        "operator": account_text(site.operator),
        "links": site.links,
        "saes": site.saes,
    })
}

/// A link, for programs.
pub fn link_json((id, link): &(LinkId, Link)) -> Value {
    json!({
        "link": id.0,
        "sites": link.sites.map(|site| site.0),
        "bits_per_second": link.rate.0,
        "agreed": link.agreed,
    })
}
