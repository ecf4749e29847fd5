//! `qkms pki`: certificates for a test field or a site without an authority of its own.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use qkms::{
    kme::service::{KmeId, SaeId},
    pki::{Authority, Issued},
    tls::Peer,
};

/// What to make. Nothing is ever overwritten, and keys are readable by their owner alone.
#[derive(Subcommand)]
pub enum Pki {
    /// Make an authority: ca.pem, ca.key and an empty revocation list ca.crl
    Init {
        #[command(flatten)]
        common: Common,
        /// Common name of the authority
        #[arg(long, default_value = "qkms authority")]
        name: String,
    },
    /// Issue a KME's certificate: kme-ID.pem and kme-ID.key
    Kme {
        /// Identity of the KME
        id: KmeId,
        /// DNS name or IP address at which it serves; may be given several times
        #[arg(long = "host", required = true)]
        hosts: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Issue an SAE's certificate: sae-ID.pem and sae-ID.key
    Sae {
        /// Identity of the SAE
        id: SaeId,
        #[command(flatten)]
        common: Common,
    },
    /// Put a certificate on the revocation list ca.crl
    Revoke {
        /// The certificate, PEM
        certificate: PathBuf,
        /// Folder of the authority
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
}

/// Options that most commands share.
#[derive(Args)]
pub struct Common {
    /// Folder of the authority
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Days that the certificate is valid from now
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
}

/// Runs the command; tells what was written where.
///
/// # Errors
///
/// Whatever the authority refuses.
pub fn run(pki: Pki, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    match pki {
        Pki::Init { common, name } => {
            Authority::create(&common.dir, &name, common.days)?;
            writeln!(out, "{}", common.dir.join("ca.pem").display())?;
        }
        Pki::Kme { id, hosts, common } => {
            let authority = Authority::open(&common.dir)?;
            tell(&authority.issue(&Peer::Kme(id), &hosts, common.days)?, out)?;
        }
        Pki::Sae { id, common } => {
            let authority = Authority::open(&common.dir)?;
            tell(&authority.issue(&Peer::Sae(id), &[], common.days)?, out)?;
        }
        Pki::Revoke { certificate, dir } => {
            Authority::open(&dir)?.revoke(&certificate)?;
            writeln!(out, "{}", dir.join("ca.crl").display())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(issued: &Issued, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "{}\n{}", issued.certificate.display(), issued.key.display())?;
    Ok(())
}
