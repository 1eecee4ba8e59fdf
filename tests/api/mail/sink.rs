//! A mail server that keeps what it is sent, and answers as it is told to.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// As an answer: none, and the connection stays open.
pub const SILENCE: &str = "silence";

/// What arrived.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    pub from: String,
    pub to: Vec<String>,
    pub data: Vec<u8>,
}

#[derive(Default)]
struct State {
    letters: Vec<Letter>,
    lines: Vec<String>,
    /// What to answer to lines that begin like this; the last one that fits counts.
    answers: Vec<(String, String)>,
}

impl State {
    fn answer(&mut self, line: &str, usual: &str) -> String {
        self.lines.push(line.to_owned());
        let told = self.answers.iter().rev().find(|(start, _)| line.starts_with(start.as_str()));
        told.map_or_else(|| usual.to_owned(), |(_, answer)| answer.clone())
    }
}

/// A mail server.
pub struct Sink {
    pub port: u16,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

impl Sink {
    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::start_on(closed_port())
    }

    /// Starts one on this port, which was closed before.
    pub fn start_on(port: TcpSocket) -> Self {
        let listener = port.listen(16).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    // Who hangs up has his reasons.
                    let _ = talk(stream, &state).await;
                });
            }
        });
        Self { port, state, accepting }
    }

    /// Answers this to lines that begin like `line`: a command, `connect` or the `.` after a letter. With nothing to
    /// answer it hangs up; after the `.`, when it has taken the letter.
    pub fn answer(&self, line: &str, answer: &str) {
        self.state.lock().unwrap().answers.push((line.to_owned(), answer.to_owned()));
    }

    /// Answers as usual again.
    pub fn behave(&self) {
        self.state.lock().unwrap().answers.clear();
    }

    /// What has arrived since it was last asked.
    pub fn take(&self) -> Vec<Letter> {
        std::mem::take(&mut self.state.lock().unwrap().letters)
    }

    /// How many lines began like this.
    pub fn count(&self, line: &str) -> usize {
        self.state.lock().unwrap().lines.iter().filter(|said| said.starts_with(line)).count()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A port of which nobody else takes hold, and where nobody listens yet.
pub fn closed_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

async fn talk(stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut letter = Letter::default();
    let mut line = "connect".to_owned();
    loop {
        let usual = match line.split(['\r', ' ']).next().unwrap_or_default() {
            "connect" => "220 sink",
            "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        let answer = state.lock().unwrap().answer(&line, usual);
        if line.starts_with('.') && matches!(answer.get(..1), None | Some("2")) {
            state.lock().unwrap().letters.push(letter.clone());
        }
        if answer.is_empty() {
            return Ok(());
        }
        if answer == SILENCE {
            return tokio::io::copy(&mut read, &mut tokio::io::sink()).await.map(drop);
        }
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if let Some(from) = line.strip_prefix("MAIL FROM:") {
            letter = Letter { from: address(from), ..Letter::default() };
        } else if let Some(to) = line.strip_prefix("RCPT TO:").filter(|_| answer.starts_with('2')) {
            letter.to.push(address(to));
        } else if line.starts_with("QUIT") {
            return Ok(());
        }
        if line.starts_with("DATA") && answer.starts_with('3') {
            letter.data = read_letter(&mut read).await?;
            line = ".".into();
        } else {
            line.clear();
            if read.read_line(&mut line).await? == 0 {
                return Ok(());
            }
        }
    }
}

fn address(parameter: &str) -> String {
    let (_, rest) = parameter.split_once('<').unwrap();
    rest.split_once('>').unwrap().0.to_owned()
}

/// Reads up to the line with a point alone; one that stands before another one is only there to tell them apart.
async fn read_letter(read: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Vec<u8>> {
    let mut letter = Vec::new();
    loop {
        let mut line = Vec::new();
        if read.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(letter);
        }
        letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
