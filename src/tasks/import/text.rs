//! The text of a file, whichever spreadsheet wrote it.

use std::borrow::Cow;

use encoding_rs::{EUC_KR, Encoding, UTF_8};

use super::fault;
use crate::error::{ApiError, Code, FieldMessage};

/// How much of an unknown charset is said, in characters.
const CHARSET_LENGTH: usize = 50;

/// Decodes by the byte order mark, or by what the charset says; without either it is UTF-8, or else the CP949 of Korean
/// spreadsheets, which the web's standard calls EUC-KR.
pub fn decode<'f>(file: &'f [u8], charset: Option<&str>) -> Result<Cow<'f, str>, ApiError> {
    if let Some((encoding, mark)) = Encoding::for_bom(file) {
        return read(encoding, encoding.name(), &file[mark..]);
    }
    match charset {
        Some(charset) => {
            let encoding = named(charset).ok_or_else(|| {
                ApiError::with_text(Code::UnknownCharset, charset.chars().take(CHARSET_LENGTH).collect::<String>())
            })?;
            read(encoding, encoding.name(), file)
        }
        // No other text is UTF-8 by accident.
        None => read(UTF_8, UTF_8.name(), file).or_else(|_| read(EUC_KR, "UTF-8 or EUC-KR", file)),
    }
}

fn named(charset: &str) -> Option<&'static Encoding> {
    // What Microsoft and Java call it.
    let is_korean = ["cp949", "ms949", "uhc"].iter().any(|name| charset.eq_ignore_ascii_case(name));
    if is_korean { Some(EUC_KR) } else { Encoding::for_label_no_replacement(charset.as_bytes()) }
}

fn read<'f>(encoding: &'static Encoding, name: &'static str, bytes: &'f [u8]) -> Result<Cow<'f, str>, ApiError> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| {
        // In the others a line end has more than one byte.
        let line = encoding.is_ascii_compatible().then(|| {
            let mut lines = bytes.split(|byte| *byte == b'\n');
            lines.position(|line| encoding.decode_without_bom_handling_and_without_replacement(line).is_none())
        });
        fault(line.flatten().map_or(1, |line| line + 1), FieldMessage::NotInEncoding(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title\n업무 똠방\n";

    #[test]
    fn a_file_is_read_by_its_mark_or_charset_or_as_what_it_is() {
        let (korean, _, _) = EUC_KR.encode(TEXT);
        let utf_16: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xff\xfe".as_slice(), utf_16.as_slice()].concat();
        let marked_utf_8 = format!("\u{feff}{TEXT}");
        for (file, charset) in [
            (TEXT.as_bytes(), None),
            (TEXT.as_bytes(), Some("UTF-8")),
            (&*korean, None),
            (&*korean, Some("euc-kr")),
            (&*korean, Some("CP949")),
            (&*korean, Some("ks_c_5601-1987")),
            (&*utf_16, Some("utf-16")),
            (&*utf_16, Some("UTF-16LE")),
            (&*marked, None),
            // The mark is surer than what is said.
            (&*marked, Some("utf-8")),
            (marked_utf_8.as_bytes(), Some("euc-kr")),
        ] {
            assert_eq!(decode(file, charset).unwrap(), TEXT, "{charset:?}");
        }
        assert_eq!(decode(b"\xfe\xff\0a", None).unwrap(), "a");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for (file, charset) in [
            (b"title\n\xff\xff".as_slice(), None),
            (b"\xbe\xf7\xb9\xab".as_slice(), Some("utf-8")),
            (b"\xff\xfea".as_slice(), None),
            (b"x".as_slice(), Some("klingon")),
            (b"x".as_slice(), Some("")),
        ] {
            assert!(decode(file, charset).is_err(), "{charset:?}");
        }
    }
}
