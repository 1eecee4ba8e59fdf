//! What an idle stream of notifications costs: `cargo bench --bench streams [-- STREAMS]`. On Linux.
//!
//! Opens 2,000 streams of a hundred users (or as many as told), waits for two signs of life on each, and prints what the
//! server's memory has grown by, and the CPU time that it took in a minute.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Fewer than a user may have.
const STREAMS_OF_A_USER: usize = 19;
const PASSWORD: &str = "password123";
/// More than twice the pause between signs of life.
const WARM_UP: Duration = Duration::from_secs(35);
const MEASURED: Duration = Duration::from_secs(60);

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let streams = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(2000);
    if arguments.get(1).map(String::as_str) == Some("measure") {
        measure(streams);
        return;
    }
    // Each stream is a file descriptor here and one in the server.
    let this = std::env::current_exe().unwrap();
    let limit = "ulimit -n 65536 2>/dev/null || ulimit -n $(ulimit -H -n); exec \"$0\" \"$@\"";
    let mut again = Command::new("sh");
    again.args(["-c", limit]).arg(this).args(["measure", &streams.to_string()]);
    assert!(again.status().unwrap().success());
}

fn measure(count: usize) {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path());
    let owner = login(&server, "owner@demo.example", "demo-password");
    let users = count.div_ceil(STREAMS_OF_A_USER);
    let mut streams = Vec::with_capacity(count);
    let mut before = 0;
    for number in 0..users {
        let email = format!("reader{number}@demo.example");
        let user = json!({"email": email, "password": PASSWORD, "name": "Reader", "role": "viewer"});
        call(&server, "POST /api/v1/users", Some(&owner), &user);
        let token = login(&server, &email, PASSWORD);
        if number == 0 {
            before = memory(&server);
        }
        while streams.len() < count.min((number + 1) * STREAMS_OF_A_USER) {
            streams.push(open(&server, &token));
        }
    }
    println!("{count} streams of {users} users");
    std::thread::sleep(WARM_UP);
    let (cpu, started) = (cpu_millis(&server), Instant::now());
    std::thread::sleep(MEASURED);
    let cpu = (cpu_millis(&server) - cpu) as f64 / started.elapsed().as_secs_f64();
    let grown = memory(&server).saturating_sub(before);
    println!("memory: {before} KiB before, {grown} KiB more with them, {:.1} KiB each", grown as f64 / count as f64);
    println!("CPU: {cpu:.1} ms a second while nothing happens");
    let alive = streams.iter_mut().map(is_alive).filter(|alive| *alive).count();
    println!("{alive} are open still");
}

fn start(dir: &std::path::Path) -> Server {
    let bizcenter = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bizcenter"));
        command.env_clear().current_dir(dir).env("RUST_LOG", "warn").env("PORT", "0");
        command
    };
    assert!(bizcenter().args(["demo", "--tasks", "10"]).stdout(Stdio::null()).status().unwrap().success());
    let mut process = bizcenter().stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("API   http://").unwrap().strip_suffix("/api/v1").unwrap().parse().unwrap();
    Server { process, address }
}

fn login(server: &Server, email: &str, password: &str) -> String {
    let answer = call(server, "POST /api/v1/auth/login", None, &json!({"email": email, "password": password}));
    answer["access_token"].as_str().unwrap().to_owned()
}

fn call(server: &Server, what: &str, token: Option<&str>, body: &Value) -> Value {
    let (mut stream, body) = (TcpStream::connect(server.address).unwrap(), body.to_string());
    let token = token.map_or(String::new(), |token| format!("authorization: Bearer {token}\r\n"));
    let head = "host: localhost\r\nconnection: close\r\ncontent-type: application/json";
    write!(stream, "{what} HTTP/1.1\r\n{head}\r\n{token}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// An open stream, read up to its greeting.
fn open(server: &Server, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = "GET /api/v1/notifications/stream HTTP/1.1\r\nhost: localhost";
    write!(stream, "{head}\r\nauthorization: Bearer {token}\r\n\r\n").unwrap();
    let (mut answer, mut buffer) = (String::new(), [0; 2048]);
    while !answer.contains("\nid: ") {
        let read = stream.read(&mut buffer).unwrap();
        answer.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        assert!(read > 0 && answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    stream
}

/// Whether signs of life have come and no end.
fn is_alive(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let mut bytes = Vec::new();
    // Without an end there is nothing more to read at some point, which is an error here.
    let has_ended = stream.read_to_end(&mut bytes).is_ok();
    !has_ended && String::from_utf8_lossy(&bytes).matches(": heartbeat").count() > 4
}

/// User and system time of the process so far; the kernel counts in hundredths of a second.
fn cpu_millis(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10
}

/// Resident memory, in KiB.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
