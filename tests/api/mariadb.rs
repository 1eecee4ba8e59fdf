//! A private MariaDB: a server of this test run alone, on a socket in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::deadline;

/// Runs the server until the standard input closes, which it does when the test run ends, however it ends.
const KEEPER: &str = r#"dir="$1"; shift; "$@" & server=$!; cat >/dev/null; kill -CONT $server; kill $server; wait $server; test -e "$dir/keep" || rm -rf "$dir""#;

const MISSING: &str = "MariaDB is not installed, and the tests need it: install the package mariadb-server, or run \
                       tests/run --sqlite-only to leave MariaDB out";

/// A server that lives as long as its keeper's standard input is open.
pub struct MariaDb {
    socket: PathBuf,
    keeper: Option<Child>,
    databases: AtomicU32,
}

impl MariaDb {
    /// The server that the tests share; started by the first that needs it.
    pub fn shared() -> &'static Self {
        deadline::watch();
        static SHARED: OnceLock<MariaDb> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&tempfile::tempdir().unwrap().keep()))
    }

    /// Starts a server in this directory, which goes with it.
    pub fn start(dir: &Path) -> Self {
        deadline::watch();
        let data = dir.join("data");
        if !data.exists() {
            install(&data);
        }
        let socket = dir.join("socket");
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(dir).arg(find_program("mariadbd"));
        keeper.args(["--no-defaults", "--skip-networking", "--skip-log-bin", "--skip-name-resolve"]);
        keeper.args(["--performance-schema=0", "--max-connections=2000", "--character-set-server=utf8mb4"]);
        // Nothing here outlives the run, so nothing waits for the disk.
        keeper.args(["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0"]);
        keeper.args(["--innodb-buffer-pool-size=256M", "--innodb-log-file-size=64M", "--innodb-lock-wait-timeout=5"]);
        keeper.arg(format!("--user={}", whoami()));
        keeper.arg(format!("--datadir={}", data.display())).arg(format!("--socket={}", socket.display()));
        // A server that starts deletes the temporary tables of every other one that keeps them in the same place.
        keeper.arg(format!("--tmpdir={}", dir.display())).arg(format!("--pid-file={}", dir.join("pid").display()));
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C ends the tests; the keeper notices by itself and cleans up.
        std::os::unix::process::CommandExt::process_group(&mut keeper, 0);
        let keeper = keeper.spawn().expect("a shell");
        let server = Self { socket, keeper: Some(keeper), databases: AtomicU32::new(0) };
        server.wait_until_ready();
        server
    }

    /// The URL of a new, empty database.
    pub fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.run(&format!("create database {name}"));
        self.url(&name)
    }

    /// The URL of a database on this server.
    pub fn url(&self, name: &str) -> String {
        format!("mysql://{}@localhost/{name}?socket={}", whoami(), self.socket.display())
    }

    /// The server's process, to stop it as it stands or to let it go on.
    pub fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.socket.with_file_name("pid")).unwrap();
        assert!(Command::new("kill").args([signal, pid.trim()]).status().unwrap().success());
    }

    /// Kills the server and leaves its directory, so that another one can start on it.
    pub fn kill(mut self) {
        let keep = self.socket.with_file_name("keep");
        std::fs::write(&keep, "").unwrap();
        self.signal("-KILL");
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().unwrap();
        }
        std::fs::remove_file(keep).unwrap();
    }

    /// Runs SQL in the client, on no database.
    pub fn run(&self, sql: &str) {
        let output = self.client(sql).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn client(&self, sql: &str) -> Command {
        let mut client = Command::new(find_program("mariadb"));
        client.args(["--no-defaults", "-e", sql]).arg(format!("--user={}", whoami()));
        client.arg(format!("--socket={}", self.socket.display()));
        client
    }

    fn wait_until_ready(&self) {
        let started = Instant::now();
        while !self.client("select 1").output().unwrap().status.success() {
            assert!(started.elapsed() < Duration::from_secs(60), "MariaDB did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn install(data: &Path) {
    let output = Command::new(find_program("mariadb-install-db"))
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--auth-root-socket-user={}", whoami()))
        .arg(format!("--user={}", whoami()))
        .arg(format!("--datadir={}", data.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Debian keeps the server where only root's path looks.
fn find_program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places.map(|place| place.join(name)).find(|program| program.exists()).expect(MISSING)
}

fn whoami() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
