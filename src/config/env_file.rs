//! The file `.env`.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Loads the file into the environment, which goes first, if it is there. What is wrong is told by its line and not by
/// what stands there, which may be a secret.
pub fn load(path: &Path) -> Result<(), String> {
    load_with(path, |lines| dotenvy::from_read(lines))
}

fn load_with(path: &Path, read: impl FnOnce(&mut Lines<'_>) -> dotenvy::Result<()>) -> Result<(), String> {
    let cannot = |error: io::Error| format!("cannot read {}: {error}", path.display());
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read.map_err(cannot)?,
    };
    let mut lines = Lines { left: &text, count: 0 };
    match read(&mut lines) {
        Err(dotenvy::Error::LineParse(wrong, _)) => {
            // In quotes a value may go over several lines.
            let first = lines.count + 1 - wrong.lines().count().clamp(1, lines.count.max(1));
            Err(format!(
                "cannot read {}: line {first} is not NAME=value; a value with blanks, # or $ belongs in single quotes",
                path.display()
            ))
        }
        Err(dotenvy::Error::Io(error)) => Err(cannot(error)),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        Ok(()) => Ok(()),
    }
}

/// Gives out one line at a time and counts them: the reader behind it asks for the next one when it needs it.
struct Lines<'a> {
    left: &'a [u8],
    count: usize,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.left.iter().position(|byte| *byte == b'\n').map_or(self.left.len(), |end| end + 1);
        let length = line.min(buffer.len());
        let (read, left) = self.left.split_at(length);
        buffer[..length].copy_from_slice(read);
        self.left = left;
        self.count += usize::from(length == line && length > 0);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the file without a change of the environment, which all tests share.
    fn check(path: &Path) -> Result<(), String> {
        load_with(path, |lines| dotenvy::from_read_iter(lines).try_for_each(|item| item.map(drop)))
    }

    /// What is wrong with a file of this text.
    fn problem(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        check(file.path()).map_or_else(|problem| problem, |()| "nothing".into())
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number_and_not_repeated() {
        for (text, line) in [
            ("hidden\n", 1),
            ("A=1\n# b\n\nC=hidden and seen\nD=4\n", 4),
            ("A=1\r\nhidden\r\n", 2),
            ("A='one\ntwo'\nhidden", 3),
            ("A=1\nB='hidden\nC=3\n", 2),
            ("A=\nB=\n=hidden\n", 3),
        ] {
            let problem = problem(text);
            assert!(problem.contains(&format!(": line {line} is not NAME=value")), "{text:?}: {problem}");
            assert!(!problem.contains("hidden"), "{problem}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_or_good_is_no_problem() {
        assert_eq!(check(Path::new("/nowhere/.env")), Ok(()));
        assert_eq!(problem("A=1\nB='one\ntwo'\n\n# c\nC=\n"), "nothing");
    }

    #[test]
    fn a_file_in_another_encoding_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"A=\xff\n").unwrap();
        assert!(check(file.path()).unwrap_err().starts_with(&format!("cannot read {}: ", file.path().display())));
    }
}
