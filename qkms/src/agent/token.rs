//! The token that opens the agent.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// 32 bytes of the operating system in hexadecimal. Not shown by `Debug`.
pub struct Token(Zeroizing<String>);

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token")
    }
}

impl Token {
    /// Whether `shown` is the token; takes the same time for any text of its length.
    pub fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    /// The token itself, for who has to show it.
    pub fn text(&self) -> Zeroizing<String> {
        self.0.clone()
    }

    /// Draws a token.
    ///
    /// # Errors
    ///
    /// No random bytes.
    pub fn draw() -> io::Result<Self> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in bytes.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
        Ok(Self(text))
    }

    /// Draws a token and puts it into the file `path`, of mode 0600, in one step.
    ///
    /// # Errors
    ///
    /// No random bytes, or a file that cannot be written.
    pub fn write(path: &Path) -> io::Result<Self> {
        let token = Self::draw()?;
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(token.0.as_bytes())?;
        fs::rename(&new, path)?;
        Ok(token)
    }
}
