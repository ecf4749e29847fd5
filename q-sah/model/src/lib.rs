//! The model of the handshake, under [stateright](https://www.stateright.rs): see `tests/stateright.rs`.
//! The model itself is `q-sah/tests/model/protocol.rs`.
