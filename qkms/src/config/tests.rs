use super::*;

const ETSI014: &str = r#"
    [kme.etsi014]
    listen = "127.0.0.1:0"
    certificate = "kme.pem"
    key = "kme.key"
    client_ca = "ca.pem"
"#;
const PEERS: &str = r#"
    [kme.peers]
    listen = "127.0.0.1:0"
    certificate = "kme.pem"
    key = "kme.key"
    ca = "ca.pem"
"#;

fn kme(id: &str, sae: &str, more: &str) -> String {
    format!("[[kme]]\nid = '{id}'\nstore = 'store-{id}'\nsaes = ['{sae}']\n{more}{ETSI014}")
}

fn link(more: &str) -> String {
    format!(
        "[[link]]\nalice = 'a'\nbob = 'b'\npreset = 'snspd'\nkm = 10\nfirst_key = 'first'\n{more}\n"
    )
}

fn both(more: &str) -> String {
    kme("a", "sae-a", "") + &kme("b", "sae-b", "") + &link(more)
}

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("qkms.toml")).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(text: &str, because: &str) {
    let error = parse(text).unwrap_err();
    assert!(error.contains(because), "{error}");
}

#[test]
fn two_kmes_of_one_process_need_little() {
    let config = parse(&both("")).unwrap();
    let link = &config.link[0];
    assert_eq!(link.end_of(&config.kme[1].id), Some((End::Bob, &config.kme[0].id)));
    let (_, point) = Preset::Snspd.operating_points()[1];
    assert_eq!(link.parameters().point, point);
    // Golden: 16,329,373 pulses for 10^6 sifted bits at the digits of the point that is printed.
    let slow = LinkConfig { pulse_rate: Some(1000.0), ..link.clone() };
    let pulses = slow.pulses().unwrap();
    assert!(pulses.abs_diff(16_329_373) < 16_329_373 / 500, "{pulses}");
    // At 1 GHz and 100 ns of dead time most clicks are lost.
    assert!((10..20).contains(&(link.pulses().unwrap() / pulses)));
}

#[test]
fn a_link_is_controlled_unless_it_says_otherwise_or_cannot_be() {
    let sizes = |more: &str| {
        let config = parse(&both(more)).unwrap();
        let controlled = config.link[0].control().unwrap();
        controlled.map(|(choices, ..)| {
            choices.points().iter().map(|point| point.sifted_bits).collect::<Vec<_>>()
        })
    };
    assert_eq!(sizes(""), Some(vec![100_000, 1_000_000]));
    let named = "control = { sizes = [100000, 10000000] }";
    assert_eq!(sizes(named), Some(vec![100_000, 10_000_000]));
    assert_eq!(sizes("control = { enabled = false }"), None);
    // A size that the file fixes stays; control moves the pulse rate.
    assert_eq!(sizes("sifted_bits = 300000"), Some(vec![300_000]));
    // Pools too small for any block: they are filled as before, unless the file asks for control.
    assert_eq!(sizes("capacity_bits = 16384"), None);
    refused(&both("capacity_bits = 16384\ncontrol = { enabled = true }"), "fits between the marks");
}

#[test]
fn a_configuration_that_would_let_control_move_a_limit_is_refused() {
    let never = "never abort limits, epsilons, health tests or audits";
    refused(&both("control = { limits = { qber = 0.2 } }"), never);
    refused(&both("[link.control]\nepsilons = { secrecy = 1e-3 }"), never);
    refused(&both("[link.control]\naudit = false"), never);
    refused(&both("[link.control]\nproportional = 0.5"), "control would not be stable");
    // An operating point is a point and nothing else.
    let point = "q_x = 0.7, probabilities = [0.2, 0.5, 0.3], intensities = [0.6, 0.2, 0.0]";
    refused(&both(&format!("point = {{ {point}, qber = 0.2 }}")), "unknown field `qber`");
}

#[test]
fn an_unknown_member_is_named() {
    refused(&both("colour = 1"), "unknown field `colour`");
    refused(&format!("colour = 1\n{}", both("")), "unknown field `colour`");
    refused(&both("[link.limits]\ncolour = 1"), "unknown field `colour`");
    refused(&(kme("a", "s", "colour = 1\n")), "unknown field `colour`");
    refused(&(kme("a", "s", "") + "colour = 1"), "unknown field `colour`");
}

#[test]
fn what_is_wrong_is_told_with_its_member_and_its_section() {
    let kmes = kme("a", "sae-a", "") + &kme("b", "sae-b", "");
    let told = |text: &str, wanted: &[&str]| {
        let error = parse(text).unwrap_err();
        assert!(wanted.iter().all(|part| error.contains(part)), "{error}");
        // Members that are none are not offered.
        assert!(!error.contains("`alpha`, `") && !error.contains("`immovable`"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    };
    let control = |member: &str| kmes.clone() + &link(&format!("[link.control]\n{member}"));
    told(&control("spede = 8"), &["(`spede = 8`), in [link.control]: unknown field `spede`"]);
    told(&control("step = 'x'"), &["(`step = 'x'`), in [link.control]: invalid type"]);
    told(&both("audits = 1"), &["(`audits = 1`), in [[link]]: invalid type"]);
    told(&format!("colour = 1\n{}", both("")), &["line 1 (`colour = 1`), before any section"]);
    told(&kmes.replace("id = 'b'", ""), &["in [[kme]]: missing field `id`"]);
    told("[[kme]", &["qkms.toml, line 1"]);
    for name in crate::control::settings::IMMOVABLE {
        let rule = format!("in [link.control]: `{name}`: control may move");
        told(&control(&format!("{name} = 1")), &[&rule]);
    }
    // What is a member elsewhere is no matter of control there.
    told(&both("qber = 1"), &["in [[link]]: unknown field `qber`"]);
}

#[test]
fn a_seed_needs_insecure() {
    refused(&format!("seed = 1\n{}", both("")), "insecure");
    refused(&format!("seed = 1\ninsecure = false\n{}", both("")), "insecure");
    let config = parse(&format!("seed = 1\ninsecure = true\n{}", both(""))).unwrap();
    assert_eq!(config.seed, Some(1));
}

#[test]
fn audits_are_off_unless_they_are_turned_on() {
    assert!(!parse(&both("")).unwrap().link[0].audits);
    assert!(parse(&both("audits = true")).unwrap().link[0].audits);
    refused(&both("audits = 1"), "invalid type");
}

#[test]
fn audits_whose_keys_would_expire_before_they_can_be_drawn_are_refused() {
    let aged = |age: u64, more: &str| {
        let keys = format!("keys = {{ max_age_s = {age}, record_age_s = 100000000 }}\n");
        kme("a", "sae-a", &keys)
            + &kme("b", "sae-b", "keys = { max_age_s = 90000000, record_age_s = 100000000 }\n")
            + &link(more)
    };
    let because = "before their epoch is whole";
    // At 1 kHz an epoch takes days, whoever chooses the block.
    for more in ["pulse_rate = 1000.0", "pulse_rate = 1000.0\ncontrol = { enabled = false }"] {
        refused(&aged(86_400, &format!("audits = true\n{more}")), because);
        parse(&aged(86_400, more)).unwrap();
        parse(&aged(80_000_000, &format!("audits = true\n{more}"))).unwrap();
    }
    // Equal is too long.
    let alike = "audits = true\npulse_rate = 1000.0\ncontrol = { enabled = false }";
    let pulses = parse(&aged(80_000_000, alike)).unwrap().link[0].pulses().unwrap();
    let epoch = pulses * 64 / 1000;
    refused(&aged(epoch, alike), because);
    parse(&aged(epoch + 1, alike)).unwrap();
    // Each end of this process is asked.
    refused(
        &aged(epoch, alike).replace("'a'", "'x'").replace("'b'", "'a'").replace("'x'", "'b'"),
        because,
    );
    // Of the sizes that control may choose the largest counts.
    let epoch = |sizes: &str| {
        let more = format!("control = {{ sizes = [{sizes}] }}");
        let (_, pilot, _) = parse(&both(&more)).unwrap().link[0].control().unwrap().unwrap();
        64.0 * pilot.longest_at_most_rate()
    };
    let [small, large] = [epoch("100000"), epoch("100000, 1000000")];
    assert!(small * 5.0 < large, "{small} {large}");
    let age = (small * 2.0).ceil() as u64;
    parse(&aged(age, "audits = true\ncontrol = { sizes = [100000] }")).unwrap();
    refused(&aged(age, "audits = true\ncontrol = { sizes = [100000, 1000000] }"), because);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let keys = |keys: &str| kme("a", "s", &format!("keys = {{ {keys} }}\n"));
    refused(&keys("size = 100"), "multiples of 8");
    refused(&keys("min_size = 56"), "64 <= min_size");
    refused(&keys("max_size = 16392"), "64 <= min_size");
    refused(&keys("min_size = 512"), "min_size <= size");
    refused(&keys("max_per_request = 0"), "max_per_request");
    refused(&keys("max_age_s = 0"), "max_age_s");
    refused(&keys("record_age_s = 5"), "record_age_s");
    refused(&(kme("a", "s", "") + &kme("a", "t", "")), "the KME a is configured twice");
    refused(&(kme("a", "s", "") + &kme("b", "s", "")), "the SAE s is configured twice");
    refused(&(kme("a", "s", "") + &link("")), "b is no [[kme]] and no [[remote]]");
    refused(&(both("") + &link("")), "a second time");
    refused("kme = []", "no [[kme]]");
    refused(&both("sifted_bits = 1"), "sifted_bits");
    refused(&both("tag_bits_per_block = 1000000"), "tag_bits_per_block");
    refused(&both("patience_ms = 0"), "patience_ms");
    refused(&both("pulse_rate = 0.0"), "the link from a to b");
    refused(&both("limits = { qber = 0.6 }"), "limits lie in (0, 1/2]");
    refused(&both("epsilons = { secrecy = 0.0 }"), "epsilons");
    refused(&both("eavesdropper = { intercept-resend = { share = 2.0 } }"), "share");
    refused(&both("").replace("km = 10", "km = -1"), "km");
    refused(&both("").replace("snspd", "other"), "unknown variant");
}

#[test]
fn ends_in_two_processes_need_doors_and_channels() {
    let remote = "[[remote]]\nid = 'b'\naddress = 'host:1'\nsaes = ['sae-b']\n";
    let channels = "quantum = '127.0.0.1:1'\nclassical = '127.0.0.1:2'";
    let alone = kme("a", "sae-a", "");
    refused(&format!("{alone}{remote}{}", link(channels)), "[kme.peers]");
    refused(&format!("{alone}{PEERS}{remote}{}", link("")), "`quantum` and `classical`");
    parse(&format!("{alone}{PEERS}{remote}{}", link(channels))).unwrap();
    let far = remote.replace("'b'", "'a'").replace("sae-b", "x");
    let text = kme("c", "sae-c", "") + remote + &far + &link(channels);
    refused(&text, "none of its ends is in this process");
}

#[test]
fn paths_are_relative_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("qkms.toml");
    std::fs::write(&path, both("")).unwrap();
    let config = Config::read(&path).unwrap();
    assert_eq!(config.kme[0].store, folder.path().join("store-a"));
    assert_eq!(config.kme[0].etsi014.key, folder.path().join("kme.key"));
    assert_eq!(config.link[0].first_key, folder.path().join("first"));
    assert!(matches!(Config::read(Path::new("/nowhere")), Err(ConfigError::Read { .. })));
}

/// Three KMEs in one process, a link between each and the next.
fn line(more: &str) -> String {
    let last = link("").replace("'b'", "'c'").replace("'a'", "'b'");
    kme("a", "sae-a", "")
        + &kme("b", "sae-b", "")
        + &kme("c", "sae-c", "")
        + &link("")
        + &last
        + more
}

#[test]
fn a_route_is_a_line_of_links() {
    let config = parse(&line("[[route]]\npath = ['a', 'b', 'c']\n")).unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| name.parse::<KmeId>().unwrap());
    assert_eq!(config.route[0].far_end(&a), Some(&c));
    assert_eq!(config.route[0].far_end(&c), Some(&a));
    assert_eq!(config.route[0].far_end(&b), None);
    let route = |path: &str| line(&format!("[[route]]\npath = [{path}]\n"));
    refused(&route("'a', 'b'"), "3 to 8 sites");
    refused(&route("'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'"), "3 to 8 sites");
    refused(&route("'a', 'b', 'a'"), "comes to a twice");
    refused(&route("'a', 'c', 'b'"), "there is no link from a to c");
    refused(&route("'a', 'b', 'x'"), "there is no link from b to x");
    refused(&route("'x', 'y', 'z'"), "none of its KMEs is in this process");
    refused(&route("'a', 'b', 'c']\ncolour = ["), "unknown field `colour`");
    let twice = "[[route]]\npath = ['a', 'b', 'c']\n[[route]]\npath = ['c', 'b', 'a']\n";
    refused(&line(twice), "a second one between its ends");
    let short = link("").replace("'b'", "'c'");
    refused(&(line(&short) + "[[route]]\npath = ['a', 'b', 'c']\n"), "a link joins a and c");
}

#[test]
fn the_far_end_of_another_process_is_known_by_its_key() {
    let far = |more: &str| {
        format!(
            "{}[[remote]]\nid = 'c'\nsaes = ['sae-c']\n{more}\n{}[[route]]\npath = ['a', 'b', 'c']\n",
            kme("a", "sae-a", PEERS),
            link("quantum = '127.0.0.1:1'\nclassical = '127.0.0.1:2'")
        ) + "[[remote]]\nid = 'b'\nsaes = ['sae-b']\naddress = 'host:1'\n"
    };
    let key = format!("relay_key = '{}'", "0f".repeat(32));
    let config = parse(&far(&key)).unwrap();
    assert_eq!(config.remote[0].relay_key(), Some([15; 32]));
    refused(&far(""), "c needs a `relay_key`");
    refused(&far("relay_key = '0f'"), "64 hexadecimal digits");
    refused(&far(&format!("relay_key = '{}'", "xy".repeat(32))), "64 hexadecimal digits");
    let unknown = far(&key).replace("id = 'c'", "id = 'd'");
    refused(&unknown, "c is no [[kme]] and no [[remote]]");
    refused(&far(&key).replace("address = 'host:1'", ""), "b needs an `address`");
}
