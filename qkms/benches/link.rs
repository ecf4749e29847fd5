//! Detections per second and core of each preset's link at 10 km, and what Bob's clicks cost on
//! their way to another process.

use divan::{Bencher, counter::ItemsCount};
use qkms::link::{BobBlock, ClosedForm, Device, Link, LinkParameters, Preset};

fn main() {
    divan::main();
}

const KM: f64 = 10.0;
const DETECTIONS: f64 = 1e5;

fn parameters(preset: Preset, device: Device) -> LinkParameters {
    LinkParameters { device, point: preset.finite(), km: KM, eve: None, drift: None }
}

/// A link and the pulses that give about [`DETECTIONS`] detections.
fn link(preset: Preset) -> (Link, u64) {
    let device = preset.device();
    let parameters = parameters(preset, device);
    let closed = ClosedForm::new(device, KM, None).unwrap();
    let point = parameters.point;
    let click = closed.sifted_x(&point) / (point.q_x * point.q_x);
    let pulses = DETECTIONS / click * (1.0 + device.dead_pulses() as f64 * click);
    (Link::new(parameters, Some([1; 32])).unwrap(), pulses as u64)
}

#[divan::bench(args = Preset::ALL)]
fn detections(bencher: Bencher, preset: Preset) {
    let (mut link, pulses) = link(preset);
    bencher.counter(ItemsCount::new(DETECTIONS as u64)).bench_local(|| link.block(pulses));
}

#[divan::bench]
fn encode(bencher: Bencher) {
    let (mut link, pulses) = link(Preset::Snspd);
    let (_, bob) = link.block(pulses);
    bencher.counter(ItemsCount::new(bob.detections.len())).bench_local(|| bob.encode());
}

#[divan::bench]
fn decode(bencher: Bencher) {
    let (mut link, pulses) = link(Preset::Snspd);
    let (_, bob) = link.block(pulses);
    let message = bob.encode();
    bencher
        .counter(ItemsCount::new(bob.detections.len()))
        .bench_local(|| BobBlock::decode(&message).unwrap());
}
