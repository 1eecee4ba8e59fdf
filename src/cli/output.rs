//! What commands say on standard output.

use std::fmt;
use std::io::{self, ErrorKind, Write};

/// Writes a line, given as to `println!`. That nobody reads it any more, as after `| head`, is no error: a command still
/// ends as it would have.
macro_rules! say {
    ($($line:tt)*) => {
        $crate::cli::output::write_line(&mut std::io::stdout(), format_args!($($line)*))
    };
}

pub(super) use say;

/// What is behind `say!`.
pub fn write_line(output: &mut impl Write, line: fmt::Arguments<'_>) -> io::Result<()> {
    match writeln!(output, "{line}").and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output that takes nothing.
    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn only_that_nobody_reads_is_no_error() {
        let mut output = Vec::new();
        write_line(&mut output, format_args!("a")).unwrap();
        write_line(&mut output, format_args!("b")).unwrap();
        assert_eq!(output, b"a\nb\n");
        assert!(write_line(&mut Broken(ErrorKind::BrokenPipe), format_args!("a")).is_ok());
        let full = write_line(&mut Broken(ErrorKind::StorageFull), format_args!("a"));
        assert_eq!(full.unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
