//! Shares, in percent for people and in parts per million for programs.

use std::str::FromStr;

/// A share in parts per million, given in percent.
#[derive(Clone, Copy, Debug)]
pub struct Share(u32);

impl Share {
    /// The share in parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || format!("{text:?} is no percentage from 0 to 100");
        let percent: f64 = text.parse().map_err(|_| bad())?;
        if !(0.0..=100.0).contains(&percent) {
            return Err(bad());
        }
        Ok(Self((percent / 100.0 * 1e6).round() as u32))
    }
}

/// A share in percent with four decimals at most.
pub fn percent(ppm: u32) -> String {
    let (whole, part) = (ppm / 10_000, ppm % 10_000);
    if part == 0 {
        return format!("{whole} %");
    }
    format!("{whole}.{} %", format!("{part:04}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_in_percent() {
        assert_eq!(percent(333_333), "33.3333 %");
        assert_eq!(percent(100_000), "10 %");
        assert_eq!(percent(12_500), "1.25 %");
    }

    #[test]
    fn a_share_is_read_from_percent() {
        let read = |text: &str| text.parse::<Share>().map(Share::ppm);
        assert_eq!(read("33.3333"), Ok(333_333));
        assert_eq!(read("100"), Ok(1_000_000));
        for wrong in ["", "100.1", "-1", "NaN", "x", "5%"] {
            assert!(read(wrong).unwrap_err().contains("no percentage"), "{wrong}");
        }
    }
}
