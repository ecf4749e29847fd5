//! What an agent answers its node's worker, and what the worker tells it: whatever the bytes are, nothing
//! panics, and what is read says the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parity_scale_codec::{DecodeAll, Encode};
use qedex_primitives::{
    agent::{MAX_BODY_BYTES, News, Steps, Watched},
    audits::{AuditNews, AuditWork},
};

fuzz_target!(|bytes: &[u8]| {
    // More is not read.
    if bytes.len() > MAX_BODY_BYTES {
        return;
    }
    if let Ok(watched) = Watched::decode_all(&mut &*bytes) {
        assert_eq!(watched.encode(), bytes);
    }
    if let Ok(steps) = Steps::decode_all(&mut &*bytes) {
        assert_eq!(steps.encode(), bytes);
    }
    if let Ok(news) = News::decode_all(&mut &*bytes) {
        assert_eq!(news.encode(), bytes);
    }
    if let Ok(news) = AuditNews::decode_all(&mut &*bytes) {
        assert_eq!(news.encode(), bytes);
    }
    if let Ok(work) = Option::<AuditWork>::decode_all(&mut &*bytes) {
        assert_eq!(work.encode(), bytes);
    }
});
