//! What is told of a file that cannot be read as a configuration.

use std::path::Path;

use super::ConfigError;
use crate::control::settings::{IMMOVABLE, IMMOVABLE_RULE};

/// The longest line that is quoted, in characters.
const QUOTED: usize = 60;

/// The error of `text`, with the line, the section and the member where it is.
pub(super) fn told(text: &str, path: &Path, error: &toml::de::Error) -> ConfigError {
    let place = error.span().map_or_else(String::new, |span| place(text, span.start));
    ConfigError::Syntax { path: path.to_owned(), place, what: what(error.message()) }
}

/// Where byte `at` is.
fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let number = before.matches('\n').count();
    let lines: Vec<&str> = text.lines().take(number.saturating_add(1)).collect();
    let line = lines.last().map_or("", |line| line.trim());
    let section = lines.iter().rev().find_map(|line| header(line));
    let section =
        section.map_or_else(|| "before any section".to_owned(), |name| format!("in {name}"));
    let number = number.saturating_add(1);
    if line.is_empty() || header(line).is_some() {
        return format!("line {number}, {section}");
    }
    let quoted: String = line.chars().take(QUOTED).collect();
    format!("line {number} (`{quoted}`), {section}")
}

/// The section that a line begins.
fn header(line: &str) -> Option<&str> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let name = line.trim_start_matches('[').trim_end_matches(']');
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let is_header = line.starts_with('[') && line.ends_with(']') && !name.is_empty();
    (is_header && name.chars().all(plain)).then_some(line)
}

/// What is wrong, with the rule that stands behind it.
fn what(message: &str) -> String {
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    match unknown {
        // A member that control alone has tells whose members these are.
        Some((name, others))
            if others.contains("`longest_block_s`") && IMMOVABLE.contains(&name) =>
        {
            format!("`{name}`: {IMMOVABLE_RULE}")
        }
        _ => message.trim_end().replace('\n', " "),
    }
}
