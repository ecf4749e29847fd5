//! A line of KMEs for trying by hand: certificates, first keys and a configuration in one folder.
//!
//! Site n has the KME `kme-n` and the SAE `sae-n`. A quantum link joins each site to the next, and
//! a route each to all that it has no link to.

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use zeroize::Zeroizing;

use crate::{pki::Authority, tls::Peer};

/// Days for which the certificates hold.
const DAYS: u32 = 30;
/// Bytes of the first key of each link's tags.
const FIRST_KEY_BYTES: usize = 1 << 16;

/// What is set up.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The folder.
    pub folder: PathBuf,
    /// KMEs in the line, 2 to 8.
    pub sites: usize,
    /// The port of the first KME's interface for SAEs on loopback, the others' follow, then the
    /// status page's; 0 for any that are free.
    pub port: u16,
    /// Kilometres of each link.
    pub km: u16,
    /// Bits of a block after sifting, on average.
    pub sifted_bits: u64,
}

impl Demo {
    /// Makes everything in the folder.
    ///
    /// # Errors
    ///
    /// A folder that cannot be written, or that has a part already; an identity that is none; ports
    /// beyond the last one.
    pub fn set_up(&self) -> anyhow::Result<()> {
        if self.port != 0 && usize::from(u16::MAX - self.port) < self.sites {
            anyhow::bail!(
                "ports end at {}, and {} from {} on are needed",
                u16::MAX,
                self.sites + 1,
                self.port
            );
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let authority = Authority::create(&self.folder, "qkms demo", DAYS)?;
        let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        for site in 1..=self.sites {
            authority.issue(&Peer::Kme(format!("kme-{site}").parse()?), &hosts, DAYS)?;
            authority.issue(&Peer::Sae(format!("sae-{site}").parse()?), &[], DAYS)?;
        }
        for site in 1..self.sites {
            let mut key = Zeroizing::new(vec![0; FIRST_KEY_BYTES]);
            getrandom::fill(&mut key).map_err(io::Error::other)?;
            let path = self.folder.join(format!("first-{site}.key"));
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)?
                .write_all(&key)?;
        }
        fs::write(self.folder.join("qkms.toml"), self.configuration())?;
        Ok(())
    }

    /// The file `qkms.toml`.
    pub fn configuration(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        for site in 1..=self.sites {
            let _ = write!(
                text,
                "[[kme]]\nid = \"kme-{site}\"\nstore = \"store-{site}\"\nsaes = [\"sae-{site}\"]\n\
                 [kme.etsi014]\nlisten = \"127.0.0.1:{}\"\ncertificate = \"kme-kme-{site}.pem\"\n\
                 key = \"kme-kme-{site}.key\"\nclient_ca = \"ca.pem\"\nrevocation_list = \"ca.crl\"\n\n",
                self.port_of(site)
            );
        }
        for site in 1..self.sites {
            let _ = write!(
                text,
                "[[link]]\nalice = \"kme-{site}\"\nbob = \"kme-{}\"\npreset = \"snspd\"\nkm = {}\n\
                 sifted_bits = {}\nfirst_key = \"first-{site}.key\"\n\n",
                site + 1,
                self.km,
                self.sifted_bits
            );
        }
        for first in 1..=self.sites {
            for last in first + 2..=self.sites {
                let path: Vec<_> = (first..=last).map(|site| format!("\"kme-{site}\"")).collect();
                let _ = write!(text, "[[route]]\npath = [{}]\n\n", path.join(", "));
            }
        }
        let port = self.port_of(self.sites + 1);
        let _ = write!(text, "[operation]\nlisten = \"127.0.0.1:{port}\"\n");
        text
    }

    /// How the first site's SAE draws a key for the last site's, and that one fetches it, by curl.
    pub fn by_hand(&self) -> String {
        let port = |site| match self.port_of(site) {
            0 => "PORT".to_owned(),
            port => port.to_string(),
        };
        let (last, first_port, last_port) = (self.sites, port(1), port(self.sites));
        format!(
            "cd {}\n\
             as() {{ curl --silent --show-error --cacert ca.pem --cert sae-sae-$1.pem --key sae-sae-$1.key \"$2\"; echo; }}\n\
             as 1 https://localhost:{first_port}/api/v1/keys/sae-{last}/status\n\
             as 1 https://localhost:{first_port}/api/v1/keys/sae-{last}/enc_keys | tee drawn\n\
             id=$(grep -o '[0-9a-f-]\\{{36\\}}' drawn)\n\
             as {last} \"https://localhost:{last_port}/api/v1/keys/sae-1/dec_keys?key_ID=$id\"\n",
            self.folder.display()
        )
    }

    fn port_of(&self, site: usize) -> u16 {
        let above = u16::try_from(site).unwrap_or(u16::MAX).saturating_sub(1);
        if self.port == 0 { 0 } else { self.port.saturating_add(above) }
    }
}
