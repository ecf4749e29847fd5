//! `qkms plan link` as a user meets it.

use std::process::{Command, Output};

fn plan(options: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qkms"));
    command.args(["plan", "link"]).args(options.split_whitespace()).output().unwrap()
}

fn json(options: &str) -> serde_json::Value {
    let output = plan(&format!("{options} --json"));
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn close(value: &serde_json::Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value / expected - 1.0).abs() < 2e-5, "{value} is not {expected}");
}

#[test]
fn json_names_every_rate_per_pulse() {
    let plan = json("--preset gys --km 50 --finite-pulses 10000000000");
    close(&plan["gain"], 1.924950e-3);
    close(&plan["qber"], 0.033412);
    close(&plan["rate_asymptotic"], 2.225952e-4);
    close(&plan["rate_decoy"], 2.096250e-4);
    close(&plan["rate_finite"], 1.0411e-4);
    assert_eq!(plan.as_object().unwrap().len(), 5);
    assert_eq!(json("--preset gys --km 50 --finite-pulses 1e10"), plan);
}

#[test]
fn finite_rate_is_null_without_a_block_size() {
    assert!(json("--preset lim2014 --km 0")["rate_finite"].is_null());
}

#[test]
fn a_running_link_is_reckoned_with_its_blocks_and_the_dead_time_of_its_detectors() {
    let plan = json("--preset snspd --km 10 --sifted-bits 1000000");
    let running = |name: &str| plan["running"][name].as_f64().unwrap();
    assert_eq!(running("pulses_per_second"), 1e9);
    let per_second = running("secret_bits_per_block") / running("seconds_per_block");
    close(&plan["running"]["secret_bits_per_second"], per_second);
    // At most one click in 100 ns, of which both bases share.
    assert!(running("seconds_per_block") > 0.1, "{plan}");
    assert!(json("--preset snspd --km 10").get("running").is_none());
    let none = json("--preset gys --km 400 --sifted-bits 1000");
    assert_eq!(none["running"]["secret_bits_per_second"], 0.0);
}

#[test]
fn rates_below_zero_are_zero() {
    let plan = json("--preset snspd --km 400 --finite-pulses 1000");
    for rate in ["rate_asymptotic", "rate_decoy", "rate_finite"] {
        assert_eq!(plan[rate], 0.0, "{rate}");
    }
}

#[test]
fn without_json_the_rates_are_told_in_words() {
    let output = plan("--preset gys --km 0");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("QBER             3.3037 %"), "{text}");
    assert!(!text.contains("finite"), "{text}");
}

#[test]
fn bad_input_exits_with_2_and_says_what_is_wrong() {
    for (options, says) in [
        ("--km 1", "--preset"),
        ("--preset gys", "--km"),
        ("--preset GYS --km 1", "gys, lim2014, snspd"),
        ("--preset gys --km -1", "finite number from 0"),
        ("--preset gys --km nan", "finite number from 0"),
        ("--preset gys --km inf", "finite number from 0"),
        ("--preset gys --km ten", "not a number"),
        ("--preset gys --km 1 --km 2", "--km"),
        ("--preset gys --km 1 --finite-pulses 0", "whole number of pulses"),
        ("--preset gys --km 1 --finite-pulses -5", "whole number of pulses"),
        ("--preset gys --km 1 --finite-pulses 1.5", "whole number of pulses"),
        ("--preset gys --km 1 --finite-pulses 1e19", "whole number of pulses"),
        ("--preset gys --km 1 --finite-pulses nan", "whole number of pulses"),
        ("--preset gys --km 1 --finite-pulses many", "not a number"),
        ("--preset gys --km 1 --sifted-bits 999", "1000..=100000000"),
        ("--preset gys --km 1 --colour", "--colour"),
        ("--preset gys --km 1 more", "more"),
    ] {
        let output = plan(options);
        assert_eq!(output.status.code(), Some(2), "{options}");
        assert!(output.stdout.is_empty());
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(says), "{options}: {message}");
    }
}

#[test]
fn the_table_of_the_link_s_page_is_what_the_command_computes() {
    let document = include_str!("../../docs/qkms-link.md");
    let mut table = String::new();
    for preset in ["gys", "lim2014", "snspd"] {
        for km in [0, 10, 25, 50, 100] {
            let plan = json(&format!("--preset {preset} --km {km} --finite-pulses 1e10"));
            let value = |name: &str| plan[name].as_f64().unwrap();
            table += &format!("| {preset} | {km} | {:.3e} | ", value("gain"));
            table +=
                &format!("{:.2} % | {:.3e} | ", 100.0 * value("qber"), value("rate_asymptotic"));
            table += &format!("{:.3e} | {:.3e} |\n", value("rate_decoy"), value("rate_finite"));
        }
    }
    assert!(document.contains(&table), "docs/qkms-link.md lacks what is computed:\n{table}");
}

fn control(options: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qkms"));
    command.args(["plan", "control"]).args(options.split_whitespace()).output().unwrap()
}

#[test]
fn a_day_of_control_is_told_beside_three_others_and_plotted() {
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().display();
    let output = control(&format!("--scenario day --json --plots {plots}"));
    assert!(output.status.success(), "{output:?}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = told[0]["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| report["controller"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["adaptive", "full rate", "mean", "on-off"]);
    let plot = std::fs::read_to_string(folder.path().join("control-gys-day.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n"));
}

#[test]
fn a_comparison_that_cannot_be_is_refused_with_its_reason() {
    for (options, reason, code) in [
        ("--peak 0", "not from 0.01 to 10", 2),
        ("--scenario storm", "possible values: day, steps", 2),
        ("--km -1", "not a finite number", 2),
        ("--community x", "--week", 2),
        ("--community /nowhere --week /nowhere", "cannot read /nowhere", 1),
        ("--day 7", "no whole day number 7", 1),
        ("--km 400", "gives a key on this link", 1),
    ] {
        let output = control(options);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{options}: {error}");
        assert!(error.contains(reason), "{options}: {error}");
    }
}
