use crate::{
    control::{
        Settings,
        settings::{Controlled, IMMOVABLE, SettingsError},
    },
    link::{Epsilons, LinkParameters, Preset},
};

fn controlled(preset: Preset, km: f64, capacity: u64) -> Controlled<'static> {
    let (device, point) = (preset.device(), preset.operating_point(0));
    let parameters = LinkParameters { device, point, km, eve: None, drift: None };
    let points = preset.operating_points();
    Controlled { parameters, points, epsilons: Epsilons::default(), capacity }
}

fn parse(text: &str) -> Result<Settings, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn no_configuration_lets_control_move_a_limit_an_epsilon_a_cut_off_or_an_audit() {
    for name in IMMOVABLE {
        for value in ["0", "false", "{ secrecy = 1e-3 }"] {
            let error = parse(&format!("{name} = {value}")).unwrap_err();
            assert!(error.contains(&format!("unknown field `{name}`, expected")), "{error}");
        }
    }
    // Under names that nobody thought of as well.
    assert!(parse("most_errors = 0.2").unwrap_err().contains("unknown field"));
}

#[test]
fn what_control_cannot_be_is_refused_by_name() {
    let refused = |text: &str, because: &str| {
        let settings = parse(text).unwrap();
        let error = settings.pilot(&controlled(Preset::Gys, 10.0, 1 << 25)).unwrap_err();
        assert!(error.to_string().contains(because), "{text}: {error}");
    };
    refused("low = 0.9", "0 < low < target < high <= 1");
    refused("high = 1.5", "0 < low < target < high <= 1");
    refused("low = -0.1", "0 < low < target < high <= 1");
    refused("target = nan", "0 < low < target < high <= 1");
    refused("step = 1.0", "step shall be");
    refused("surge = 0.5", "surge shall be");
    refused("longest_block_s = 0", "longest_block_s shall be");
    refused("least_pulse_rate = 0.0", "least_pulse_rate shall be");
    refused("least_pulse_rate = 3e6", "least_pulse_rate shall be");
    refused("sizes = [5]", "5 is none of the sizes");
    refused("sizes = []", "sizes names none");
    refused("proportional = 0.3", "control would not be stable");
    refused("integral = 0.1", "control would not be stable");
    refused("proportional = 0.0", "positive numbers");
}

#[test]
fn the_largest_blocks_have_to_fit_between_the_marks() {
    let small = controlled(Preset::Gys, 10.0, 1 << 20);
    let (choices, ..) = Settings::default().pilot(&small).unwrap();
    assert_eq!(choices.points().last().unwrap().sifted_bits, 1_000_000);
    let named = parse("sizes = [10000000]").unwrap();
    assert_eq!(named.pilot(&small).unwrap_err(), SettingsError::Marks(10_000_000));
    let none = controlled(Preset::Gys, 10.0, 1 << 14);
    assert_eq!(Settings::default().pilot(&none).unwrap_err(), SettingsError::NoPoint);
    let far = controlled(Preset::Gys, 400.0, 1 << 25);
    assert_eq!(Settings::default().pilot(&far).unwrap_err(), SettingsError::NoPoint);
}

#[test]
fn on_every_fibre_the_defaults_are_proven_or_leave_points_out() {
    for preset in Preset::ALL {
        for km in 0..12 {
            let link = controlled(preset, 10.0 * f64::from(km), 1 << 32);
            match Settings::default().pilot(&link) {
                Ok((choices, _, proof)) => assert!(choices.spread() * 1.5 < proof.late),
                Err(error) => assert_eq!(error, SettingsError::NoPoint, "{preset} {km}"),
            }
        }
    }
}
