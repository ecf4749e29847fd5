use super::*;

#[test]
fn every_preset_passes_its_own_checks() {
    for preset in Preset::ALL {
        preset.device().check().unwrap();
        preset.finite().check().unwrap();
        for (_, point) in preset.operating_points() {
            point.check().unwrap();
        }
        assert_eq!(preset.name().parse(), Ok(preset));
    }
    assert!("GYS".parse::<Preset>().is_err());
}

#[test]
fn dead_pulses_are_those_before_the_end_of_the_dead_time() {
    for (pulse_rate, dead) in [(1e6, 0), (9.9e6, 0), (1e7, 1), (1e8, 10), (1e9, 100)] {
        assert_eq!(Device { pulse_rate, ..Preset::Snspd.device() }.dead_pulses(), dead);
    }
}

#[test]
fn devices_outside_of_their_ranges_are_refused() {
    let gys = Preset::Gys.device();
    for device in [
        Device { attenuation: -0.1, ..gys },
        Device { bob_transmittance: 0.0, ..gys },
        Device { bob_transmittance: 1.1, ..gys },
        Device { background: f64::NAN, ..gys },
        Device { misalignment: 0.6, ..gys },
        Device { afterpulse: 1.0, ..gys },
        Device { afterpulse_delay: 0.5, ..gys },
        Device { efficiency: 0.9, ..gys },
        Device { pulse_rate: 0.0, ..gys },
        Device { dead_time: -1.0, ..gys },
    ] {
        assert!(device.check().is_err(), "{device:?}");
    }
    let point = Preset::Gys.finite();
    assert!(OperatingPoint { q_x: 1.0, ..point }.check().is_err());
    let bright = OperatingPoint { intensities: [11.0, 0.2, 0.0], ..point };
    assert!(bright.check().is_err());
}
