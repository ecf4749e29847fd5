//! Bytes as text.

use crate::error::{BadText, Error};
use std::path::Path;

/// The text of a file, which is in UTF-8, or in UTF-16 with a byte order mark.
///
/// # Errors
/// [`Error::Unreadable`] and [`Error::Text`].
pub fn read(path: &Path) -> Result<String, Error> {
    let file = || path.display().to_string();
    let bytes = std::fs::read(path).map_err(|reason| Error::Unreadable { file: file(), reason })?;
    decode(bytes).map_err(|reason| Error::Text { file: file(), reason })
}

/// The text that `bytes` are in UTF-8, or in UTF-16 with a byte order mark; without that mark.
///
/// # Errors
/// If they are no text, or one in an encoding that cannot be told for sure.
pub fn decode(bytes: Vec<u8>) -> Result<String, BadText> {
    match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(BadText::Encoding("UTF-32")),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, BadText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for character in char::decode_utf16(pairs.iter().copied().map(unit)) {
        match character {
            Ok(character) => text.push(character),
            Err(_) => return Err(BadText::BrokenUtf16(line_at(text.as_bytes(), text.len()))),
        }
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(BadText::BrokenUtf16(line_at(text.as_bytes(), text.len())))
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, BadText> {
    // ASCII in UTF-16 without a mark is valid UTF-8, with a zero at every other place.
    if bytes.contains(&0) {
        return Err(BadText::Encoding("UTF-16 or UTF-32 without a byte order mark, or is no text"));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let byte = bytes.get(place).copied().unwrap_or_default();
        BadText::NotUtf8 { line: line_at(bytes, place), byte }
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The line of the byte at `place`, from 1: LF, CRLF and CR each end one.
pub fn line_at(bytes: &[u8], place: usize) -> usize {
    1_usize.saturating_add(line_ends(bytes.get(..place).unwrap_or(bytes), bytes.get(place)))
}

/// How many lines end in `bytes`, of which `next` is the byte behind.
pub fn line_ends(bytes: &[u8], next: Option<&u8>) -> usize {
    let behind = bytes.iter().skip(1).chain(next).map(Some).chain([None]);
    let ends = bytes.iter().zip(behind).filter(|(byte, behind)| match byte {
        b'\n' => true,
        b'\r' => *behind != Some(&b'\n'),
        _ => false,
    });
    ends.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_without_a_mark_is_utf_8() {
        assert_eq!(decode(b"gr\xc3\xbcn".to_vec()), Ok("grün".to_owned()));
        assert_eq!(decode(b"\xef\xbb\xbfslot".to_vec()), Ok("slot".to_owned()));
        assert_eq!(decode(Vec::new()), Ok(String::new()));
    }

    #[test]
    fn another_encoding_is_named() {
        let latin = decode(b"a\nb\xa0\n".to_vec()).unwrap_err();
        assert_eq!(latin, BadText::NotUtf8 { line: 2, byte: 0xa0 });
        assert!(latin.to_string().contains("Latin-1"), "{latin}");
        let unmarked: Vec<u8> = "slot".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(decode(unmarked).unwrap_err().to_string().contains("UTF-16"));
        let wide = decode(b"\xff\xfe\0\0a\0\0\0".to_vec()).unwrap_err();
        assert_eq!(wide, BadText::Encoding("UTF-32"));
    }

    #[test]
    fn broken_utf_16_is_refused_with_its_line() {
        assert_eq!(decode(b"\xff\xfea\0\n\0b".to_vec()), Err(BadText::BrokenUtf16(2)));
        assert_eq!(decode(b"\xff\xfe\x00\xd8".to_vec()), Err(BadText::BrokenUtf16(1)));
    }

    #[test]
    fn lines_end_in_any_of_three_ways() {
        let text = b"a\nb\r\nc\rd";
        let lines: Vec<usize> =
            [0, 2, 5, 7].into_iter().map(|place| line_at(text, place)).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn utf_16_of_either_order_reads_as_it_was_written(text: String) {
            let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
                [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(order).collect()
            };
            // A zero after the mark is taken for the mark of UTF-32.
            prop_assume!(!text.starts_with('\0'));
            prop_assert_eq!(decode(wide(u16::to_le_bytes)), Ok(text.clone()));
            prop_assert_eq!(decode(wide(u16::to_be_bytes)), Ok(text.clone()));
        }
    }
}
