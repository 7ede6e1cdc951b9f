//! The hushgate program, run and watched.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

/// How long the program may take to say something that is waited for.
const SAY_MAX: Duration = Duration::from_secs(120);

/// The program under test.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("HUSHGATE_BIN") {
        return path.into();
    }
    let beside =
        std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("hushgate");
    assert!(beside.exists(), "no {}: run `cargo verify`, or `cargo build` first", beside.display());
    beside
}

/// Runs a command to its end. One that goes on and on is killed, and has no exit code then.
pub fn run(dir: &Path, args: &[&str]) -> Output {
    run_with(dir, args, &[])
}

/// The same, with more in its environment.
pub fn run_with(dir: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binary());
    command.arg("--dir").arg(dir).args(args).envs(env.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let pid = child.id().to_string();
    let (done, ended) = channel::<()>();
    let guard = std::thread::spawn(move || {
        if ended.recv_timeout(SAY_MAX) == Err(RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    guard.join().unwrap();
    output
}

/// Runs a command that must succeed; its standard output.
#[track_caller]
pub fn run_ok(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A running program. Killed when dropped.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    /// Where standard error goes.
    pub log: PathBuf,
}

impl Program {
    /// Starts it with `args` in the home `dir`; standard error goes to `dir`.log, after what is there.
    pub fn start(dir: &Path, args: &[&str]) -> Self {
        Self::start_with(dir, args, &[])
    }

    /// The same, with more in its environment.
    pub fn start_with(dir: &Path, args: &[&str], env: &[(&'static str, String)]) -> Self {
        let mut command = Command::new(binary());
        command.arg("--dir").arg(dir).args(args);
        command.envs(env.iter().map(|(name, value)| (name, value)));
        Self::spawn(command, &dir.with_extension("log"))
    }

    /// Starts any command.
    pub fn spawn(mut command: Command, log: &Path) -> Self {
        let stderr = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = channel();
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).all(|it| say.send(it).is_ok())
        });
        Self { child, lines, log: log.to_owned() }
    }

    /// Waits for a line that begins with `start`; the rest of it.
    #[track_caller]
    pub fn wait_for(&self, start: &str) -> String {
        loop {
            match self.lines.recv_timeout(SAY_MAX) {
                Ok(line) if line.starts_with(start) => {
                    return line[start.len()..].trim().to_owned();
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no `{start}` in time\n{}", self.log_text())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended without `{start}`\n{}", self.log_text())
                }
            }
        }
    }

    /// What it wrote to standard error.
    pub fn log_text(&self) -> String {
        let mut text = String::new();
        File::open(&self.log).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to look for changes at once.
    pub fn hang_up(&self) {
        let sent = Command::new("kill").args(["-HUP", &self.pid().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// SIGKILL, at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(&mut self) -> ExitStatus {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
