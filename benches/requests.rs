//! Requests per second and CPU time per request beside a bare axum "hello", all servers on one core and measured in
//! turns in one run: `cargo bench --bench requests [-- SECONDS]`. On Linux.
//!
//! The load comes from this process on the other core: 32 connections that send the same request again as soon as
//! its answer is there. Requests per second swing with the machine's other work; CPU time per request is steadier.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 5;
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

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

struct Route {
    name: &'static str,
    server: usize,
    request: Vec<u8>,
    rates: Vec<f64>,
    costs: Vec<f64>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("hello") => hello(),
        Some("load") => load(&arguments[2], &arguments[3]),
        _ => compare(arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(2)),
    }
}

/// The yardstick.
fn hello() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let hello = axum::routing::get(async || axum::Json(json!({"hello": "world"})));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("API   http://{}/api/v1", listener.local_addr().unwrap());
        axum::serve(listener, axum::Router::new().route("/hello", hello)).await.unwrap();
    });
}

/// Sends the request on standard input to the address for some seconds; prints how often it was answered.
fn load(address: &str, seconds: &str) {
    let mut request = Vec::new();
    std::io::stdin().read_to_end(&mut request).unwrap();
    let end = Instant::now() + Duration::from_secs_f64(seconds.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answered: u64 = runtime.block_on(async {
        let mut connections = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (address, request) = (address.to_owned(), request.clone());
            connections.spawn(async move {
                let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (mut buffer, mut answered) = (vec![0; 1 << 20], 0);
                let mut length = 0;
                while Instant::now() < end {
                    stream.write_all(&request).await.unwrap();
                    if length == 0 {
                        length = first_answer(&mut stream, &mut buffer).await;
                    } else {
                        // The same request has an answer of the same length.
                        stream.read_exact(&mut buffer[..length]).await.unwrap();
                        assert!(buffer.starts_with(b"HTTP/1.1 200"), "not answered 200");
                    }
                    answered += 1;
                }
                answered
            });
        }
        connections.join_all().await.into_iter().sum()
    });
    println!("{answered}");
}

async fn first_answer(stream: &mut tokio::net::TcpStream, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    loop {
        filled += stream.read(&mut buffer[filled..]).await.unwrap();
        let text = String::from_utf8_lossy(&buffer[..filled]);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            let whole = head.len() + 4 + length.unwrap().parse::<usize>().unwrap();
            assert!(head.starts_with("HTTP/1.1 200"), "{text}");
            stream.read_exact(&mut buffer[filled..whole]).await.unwrap();
            return whole;
        }
    }
}

fn compare(seconds: u64) {
    let dir = tempfile::tempdir().unwrap();
    let bizcenter = || {
        let mut command = pinned(SERVER_CORE, env!("CARGO_BIN_EXE_bizcenter"));
        command.env_clear().current_dir(dir.path()).env("RUST_LOG", "warn").env("PORT", "0");
        command.env("TOKIO_WORKER_THREADS", "1");
        command
    };
    assert!(bizcenter().args(["demo", "--tasks", "1000"]).stdout(Stdio::null()).status().unwrap().success());
    let this = std::env::current_exe().unwrap();
    let mut hello = pinned(SERVER_CORE, this.to_str().unwrap());
    hello.arg("hello");
    let servers = [start(hello), start(bizcenter())];
    let idle = memory(&servers[1]);
    let token = login(servers[1].address);
    let get = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
    };
    let mut routes = [
        ("hello", 0, "/hello"),
        ("GET /health", 1, "/health"),
        ("GET /api/v1/tasks/{id}", 1, "/api/v1/tasks/500"),
        ("GET /api/v1/tasks?limit=20", 1, "/api/v1/tasks?limit=20"),
    ]
    .map(|(name, server, path)| Route { name, server, request: get(path), rates: Vec::new(), costs: Vec::new() });
    for round in 0..=ROUNDS {
        for route in &mut routes {
            let (rate, cost) = measure(&servers[route.server], &route.request, seconds);
            // The first round warms up.
            if round > 0 {
                route.rates.push(rate);
                route.costs.push(cost);
            }
        }
    }
    println!("{:28} {:>10} {:>8} {:>12} {:>8}", "", "requests/s", "ratio", "CPU us each", "ratio");
    let (hello_rate, hello_cost) = (median(&routes[0].rates), median(&routes[0].costs));
    for route in &routes {
        let (rate, cost) = (median(&route.rates), median(&route.costs));
        println!("{:28} {rate:10.0} {:8.3} {cost:12.1} {:8.3}", route.name, rate / hello_rate, hello_cost / cost);
    }
    println!("memory: {idle} MiB idle, {} MiB after", memory(&servers[1]));
}

fn pinned(core: &str, program: &str) -> Command {
    let mut command = Command::new("/usr/bin/taskset");
    command.args(["-c", core, program]);
    command
}

fn start(mut command: Command) -> Server {
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("API   http://").unwrap().strip_suffix("/api/v1").unwrap().parse().unwrap();
    Server { process, address }
}

fn login(address: SocketAddr) -> String {
    let body = json!({"email": "owner@demo.example", "password": "demo-password"}).to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    let head =
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json";
    write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// Requests per second, and the server's CPU microseconds per request.
fn measure(server: &Server, request: &[u8], seconds: u64) -> (f64, f64) {
    let this = std::env::current_exe().unwrap();
    let mut load = pinned(LOAD_CORE, this.to_str().unwrap());
    load.args(["load", &server.address.to_string(), &seconds.to_string()]);
    let before = cpu_micros(server);
    let started = Instant::now();
    let mut load = load.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    load.stdin.take().unwrap().write_all(request).unwrap();
    let output = load.wait_with_output().unwrap();
    let elapsed = started.elapsed().as_secs_f64();
    let answered: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    (answered / elapsed, (cpu_micros(server) - before) / answered)
}

/// User and system time of the process so far; the kernel counts in hundredths of a second.
fn cpu_micros(server: &Server) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) * 10_000.0
}

fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
