//! The agents that stand ready, and the key services that they draw from, as a node's folder says.

use crate::error::Error;
use futures::{StreamExt, TryStreamExt, stream};
use qedex_client::{At, agent::Agent, key_service::KeyServices, market::Account, registry};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// What a node's folder has.
#[derive(Default)]
pub struct Doors {
    /// Agents of which the node says all that their users need to put them on the chain.
    pub agents: Vec<Arc<Agent>>,
    /// The key services, if the node runs them.
    pub services: Option<KeyServices>,
}

impl Doors {
    /// Reads all doors in a folder: the files that end in `.json`.
    ///
    /// # Errors
    ///
    /// A folder or a file that cannot be read, a file that is no door, and a folder without agents.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let file = |path: &Path| {
            let path = path.display().to_string();
            move |reason| Error::File { path, reason }
        };
        let mut doors = Self::default();
        for entry in std::fs::read_dir(folder).map_err(file(folder))? {
            let path: PathBuf = entry.map_err(file(folder))?.path();
            if path.extension().is_none_or(|kind| kind != "json") {
                continue;
            }
            let text = Zeroizing::new(std::fs::read_to_string(&path).map_err(file(&path))?);
            if let Some(services) = KeyServices::behind(&text) {
                doors.services = Some(services);
                continue;
            }
            // What is wrong with it is not shown: it may hold a token.
            let agent = Agent::behind(&text).ok_or_else(|| {
                let what = format!("{} is the door of no agent", path.display());
                qedex_client::Error::BadInput(what)
            })?;
            let told = agent.mail().is_some() && agent.site().is_some();
            if told && agent.worker().is_some() {
                doors.agents.push(Arc::new(agent));
            }
        }
        if doors.agents.is_empty() {
            let what = format!(
                "no agent in {} says its site, its worker's key and where it takes frames",
                folder.display()
            );
            return Err(qedex_client::Error::BadInput(what).into());
        }
        // In the order of their numbers, for names that end in one.
        doors.agents.sort_by(|one, other| order(one.sae()).cmp(&order(other.sae())));
        Ok(doors)
    }

    /// The agents of the first two sites of the chain that have any, each site's by itself, but for those
    /// whose SAE is somebody's who is not `among` these accounts.
    ///
    /// # Errors
    ///
    /// The chain.
    pub async fn free(
        &self,
        at: &At,
        among: &BTreeSet<Account>,
    ) -> Result<[Vec<Arc<Agent>>; 2], Error> {
        let look = |agent: Arc<Agent>| async move {
            let enrolment = registry::enrolment_of(at, agent.sae()).await?;
            let free = enrolment.is_none_or(|(_, enrolment)| among.contains(&enrolment.account));
            Ok::<_, Error>(free.then_some(agent))
        };
        let all: Vec<Option<Arc<Agent>>> = stream::iter(self.agents.iter().cloned())
            .map(look)
            .buffered(super::AT_ONCE)
            .try_collect()
            .await?;
        let all: Vec<Arc<Agent>> = all.into_iter().flatten().collect();
        let sites = registry::sites(at).await?;
        let mut of_sites = sites.iter().filter_map(|(_, site)| {
            let name = registry::site_name(site);
            let here = all.iter().filter(|agent| agent.site() == Some(name.as_str()));
            let here: Vec<_> = here.cloned().collect();
            (!here.is_empty()).then_some(here)
        });
        Ok([of_sites.next().unwrap_or_default(), of_sites.next().unwrap_or_default()])
    }
}

fn order(name: &str) -> (usize, &str) {
    (name.len(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(sae: &str, more: &str) -> String {
        format!(r#"{{"sae":"{sae}","url":"http://127.0.0.1:1","token":"00"{more}}}"#)
    }

    fn known(sae: &str) -> String {
        let worker = "00".repeat(32);
        let more = format!(r#","site":"west","worker":"0x{worker}","mail":"/ip4/127.0.0.1/tcp/2""#);
        door(sae, &more)
    }

    #[test]
    fn agents_come_in_the_order_of_their_numbers_without_those_of_which_too_little_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        for sae in ["sae-west-10", "sae-west-9", "sae-west-1"] {
            put(&format!("{sae}.json"), &known(sae));
        }
        put("sae-far.json", &door("sae-far", ""));
        put("services.json", r#"{"status":"http://127.0.0.1:1","token":"t"}"#);
        put("first.key", "not a door");
        let doors = Doors::read(folder.path()).unwrap();
        let names: Vec<_> = doors.agents.iter().map(|agent| agent.sae()).collect();
        assert_eq!(names, ["sae-west-1", "sae-west-9", "sae-west-10"]);
        assert!(doors.services.is_some());
    }

    #[test]
    fn a_folder_without_agents_and_a_file_that_is_no_door_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = || Doors::read(folder.path()).err().unwrap().to_string();
        assert!(refused().contains("no agent in"), "{}", refused());
        let path = folder.path().join("sae-far.json");
        std::fs::write(&path, door("sae-far", "")).unwrap();
        assert!(refused().contains("no agent in"), "{}", refused());
        std::fs::write(&path, r#"{"token":"c0ffee"}"#).unwrap();
        assert!(refused().contains("is the door of no agent"), "{}", refused());
        assert!(!refused().contains("c0ffee"));
        std::fs::remove_dir_all(folder.path()).unwrap();
        assert!(matches!(Doors::read(folder.path()), Err(Error::File { .. })));
    }
}
