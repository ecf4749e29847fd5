//! Fetches keys from a pair of KMEs with the crate `etsi014-client`, by all three methods.
//!
//! Usage: `qkms-interop FOLDER MASTER HOST:PORT SLAVE HOST:PORT`, where FOLDER holds `ca.pem` and
//! `sae-ID.pem` and `sae-ID.key` of both SAEs. Exit status 0 if both ends got the same keys.

use std::{error::Error, path::Path};

use etsi014_client::ETSI014Client;

type Failure = Box<dyn Error>;

fn client(folder: &Path, sae: &str, kme: &str) -> Result<ETSI014Client, Failure> {
    let (host, port) = kme.rsplit_once(':').ok_or("a KME is HOST:PORT")?;
    let file = |end: &str| folder.join(format!("sae-{sae}.{end}"));
    let ca = folder.join("ca.pem");
    Ok(ETSI014Client::new(host, port.parse()?, &file("pem"), &file("key"), &ca)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, master, master_kme, slave, slave_kme] = &arguments[..] else {
        return Err("usage: qkms-interop FOLDER MASTER HOST:PORT SLAVE HOST:PORT".into());
    };
    let folder = Path::new(folder);
    let at_master = client(folder, master, master_kme)?;
    let at_slave = client(folder, slave, slave_kme)?;

    let status = at_master.get_status(slave).await?;
    if status.source_sae_id != *master || status.target_sae_id != *slave {
        return Err("the status is of other SAEs".into());
    }
    println!("status: {} keys of {} bits", status.stored_key_count, status.key_size);

    let mut drawn = at_master.get_keys(512, slave, &[], 3).await?;
    let ids: Vec<String> = drawn.iter().map(|(id, _)| id.clone()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    println!("enc_keys: {}", ids.join(" "));

    let mut fetched = at_slave.get_keys_by_ids(master, &ids).await?;
    if fetched.len() != drawn.len() {
        return Err("another number of keys at the slave".into());
    }
    for ((id, master_key), (slave_id, slave_key)) in drawn.iter_mut().zip(&mut fetched) {
        let same = master_key.len() == 64 && *master_key.borrow() == *slave_key.borrow();
        if id != slave_id || !same {
            return Err(format!("the key {id} differs").into());
        }
    }
    println!("dec_keys: the same {} keys", fetched.len());
    if at_slave.get_keys_by_ids(master, &ids[..1]).await.is_ok() {
        return Err("a key was told twice".into());
    }
    Ok(())
}
