//! The program: options, the address on standard output, logs on standard error, signals.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sidelight_mailbox::{Admission, Policy};
use sidelight_relay::{Config, DEFAULT_PORT, DataDir, RunError, Running, run};
use tokio::runtime::Runtime;
use tracing::error;
use tracing_subscriber::EnvFilter;

/// Keeps the mailboxes of Sidelight journals, and can read nothing in them.
///
/// Run without a subcommand, it starts the relay, prints the address to give to devices as the
/// first line on standard output, and serves until SIGTERM or SIGINT.
#[derive(Parser)]
#[command(version, after_long_help = AFTER_HELP, args_conflicts_with_subcommands = false)]
struct Cli {
    /// Where the relay keeps its key and its mailboxes [default: $STATE_DIRECTORY, as systemd sets
    /// it, else $XDG_DATA_HOME/sidelight-relay, else ~/.local/share/sidelight-relay]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    #[command(flatten)]
    serve: Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Serve {
    /// Where to listen, by UDP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value_t = SocketAddr::from(([0, 0, 0, 0], DEFAULT_PORT)))]
    listen: SocketAddr,
    /// What to put into the printed address, if devices reach the relay under another name or
    /// port; port 0 stands for the one it listens on
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<String>,
    /// Admit new mailboxes only with this ticket; may be given several times. Without any, the
    /// relay is open to everybody who has its address
    #[arg(long, value_name = "TICKET")]
    ticket: Vec<String>,
    /// The same, one ticket a line, so that none shows in the list of processes
    #[arg(long, value_name = "FILE")]
    ticket_file: Option<PathBuf>,
    /// How much of small envelopes a mailbox may take at once
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = size)]
    live_burst: u64,
    /// How fast that allowance grows again
    #[arg(long, value_name = "SIZE", default_value = "4M", value_parser = size)]
    live_per_hour: u64,
    /// How much of volumes and attachments a mailbox may hold
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size)]
    bulk_max: u64,
    /// How much a mailbox may hold in all
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = size)]
    mailbox_max: u64,
    /// How many mailboxes there may be
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    mailboxes_max: u64,
    /// How many days a mailbox is kept after it was last opened
    #[arg(long, value_name = "DAYS", default_value_t = 400)]
    retention_days: u32,
    /// How large the database may become [default: as large as the disk]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    database_max: Option<u64>,
    /// How many connections there may be; an idle one takes some 40 KiB
    #[arg(long, value_name = "NUMBER", default_value_t = 20_000)]
    connections_max: usize,
    /// How many links there may be over all connections
    #[arg(long, value_name = "NUMBER", default_value_t = 65_536)]
    links_max: usize,
    /// The data come from a backup: begin another life of them, so that devices look at once
    /// for what it lacks, and send it again. (They notice without it too, only later.)
    #[arg(long)]
    restored: bool,
    /// Print the first line as JSON: {"address": …, "listen": …}
    #[arg(long)]
    json: bool,
    /// How to write logs
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Subcommand)]
enum Command {
    /// Back up or restore the key by which devices know this relay
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Write the key to a file that only you can read; keep it somewhere safe
    Export {
        /// The file to write
        file: PathBuf,
        /// Overwrite the file
        #[arg(long)]
        force: bool,
    },
    /// Put the key of a file in place
    Import {
        /// A file that `key export` has written
        file: PathBuf,
        /// Replace the key that is there: devices that know the relay by it will turn away
        #[arg(long)]
        force: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// A line of text each
    Text,
    /// A JSON object each
    Json,
}

const AFTER_HELP: &str = "\
Sizes are in bytes, or with K, M or G for KiB, MiB or GiB.

Backing up: `sidelight-relay key export FILE` once, and the data directory whenever you like, by a \
tool that takes snapshots, or while the relay is stopped (then mailboxes.sqlite alone is whole). \
Restoring: put the directory back, `sidelight-relay key import FILE` if its key is lost, and start \
once with --restored. What the backup lacks, devices send again; nothing is lost that one of them \
has. The key matters more than the data: without it, every couple has to be told a new address.

Logs go to standard error and name no mailbox, no address and no content. SIDELIGHT_LOG sets what \
is logged, as in SIDELIGHT_LOG=sidelight_relay=debug (the default is info); libraries, if you turn \
them on there, may log addresses of devices.

Exit codes: 0 stopped as asked; 1 a bug, or the system refused; 2 wrong options; 3 cannot listen or \
be reached; 4 the data directory or a file cannot be used; 5 no room; 6 another relay runs on the \
data; 7 key or database damaged, or of another version.";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match data_dir(cli.data) {
        None => Err(RunError::DataDir {
            path: "~/.local/share".into(),
            kind: io::ErrorKind::NotFound,
        }),
        Some(data) => match cli.command {
            None => serve(cli.serve, data),
            Some(Command::Key(command)) => key(&command, &data),
        },
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // Not through the log, which may be turned off, and whose reader may be a machine.
            eprintln!("sidelight-relay: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn key(command: &KeyCommand, data: &Path) -> Result<ExitCode, RunError> {
    match command {
        KeyCommand::Export { file, force } => {
            // A running relay's key can be backed up: the file is only read.
            DataDir::export_key(data, file, *force)?;
            eprintln!(
                "The key is in {}. Keep it safe: who has it can pose as this relay.",
                file.display()
            );
        }
        KeyCommand::Import { file, force } => {
            DataDir::lock(data)?.import_key(file, *force)?;
            eprintln!("The key is in place.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(options: Serve, data: PathBuf) -> Result<ExitCode, RunError> {
    log_to_stderr(options.log_format);
    let json = options.json;
    let config = config(options, data)?;
    let runtime = Runtime::new().map_err(|error| RunError::System(error.kind()))?;
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(|error| RunError::System(error.kind()))?;
        let mut running = run(config).await?;
        announce(&running, json);
        tokio::select! {
            () = signals.next() => {
                running.stop().await;
                Ok(ExitCode::SUCCESS)
            }
            () = running.failed() => {
                error!("the storage thread has died; start the relay again, and report this");
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

fn config(options: Serve, data: PathBuf) -> Result<Config, RunError> {
    let mut tickets = options.ticket;
    if let Some(file) = &options.ticket_file {
        let text = std::fs::read_to_string(file).map_err(|error| RunError::DataDir {
            path: file.clone(),
            kind: error.kind(),
        })?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        tickets.extend(lines.map(str::to_owned));
    }
    // An empty file admits nobody: whoever gives one does not want an open relay.
    let admission = if tickets.is_empty() && options.ticket_file.is_none() {
        Admission::Open
    } else {
        Admission::by_tickets(tickets)
    };
    let mut config = Config::at(data);
    config.listen = options.listen;
    config.advertise = options.advertise;
    config.policy = Policy {
        admission,
        live_burst_bytes: options.live_burst,
        live_bytes_per_hour: options.live_per_hour,
        bulk_bytes_max: options.bulk_max,
        bytes_max: options.mailbox_max,
        mailboxes_max: options.mailboxes_max,
        retention_days: options.retention_days,
    };
    config.limits.connections_max = options.connections_max;
    config.links_max = options.links_max;
    config.database_bytes_max = options.database_max;
    config.restored = options.restored;
    Ok(config)
}

/// The first line on standard output. If nobody reads it, the relay runs all the same.
fn announce(running: &Running, json: bool) {
    let (address, listen) = (running.address(), running.listen());
    let line = if json {
        // Neither holds a character that JSON would escape.
        format!(r#"{{"address":"{address}","listen":"{listen}"}}"#)
    } else {
        address.to_string()
    };
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_env("SIDELIGHT_LOG")
        .unwrap_or_else(|_| EnvFilter::new("sidelight_relay=info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

fn data_dir(given: Option<PathBuf>) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    given
        .or_else(|| variable("STATE_DIRECTORY").map(PathBuf::from))
        .or_else(|| {
            variable("XDG_DATA_HOME")
                .map(PathBuf::from)
                .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".local/share")))
                .map(|dir| dir.join("sidelight-relay"))
        })
}

fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "a number of bytes, or one followed by K, M or G".to_owned())
}

/// What asks the relay to stop.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What asks the relay to stop.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidelight_relay::Data;

    #[test]
    fn the_options_are_well_formed_and_their_defaults_those_of_the_library() {
        let cli = Cli::try_parse_from(["sidelight-relay", "--data", "x"]).unwrap();
        let config = config(cli.serve, "x".into()).unwrap();
        let library = Config::at("x");
        assert_eq!(config.policy, library.policy);
        assert_eq!(config.limits, library.limits);
        assert_eq!(config.listen, library.listen);
        assert_eq!(config.links_max, library.links_max);
        assert_eq!(config.data, Data::Dir("x".into()));
    }

    #[test]
    fn the_unit_for_systemd_starts_it_with_options_that_exist() {
        let unit = include_str!("../sidelight-relay.service");
        let line = unit
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart="));
        let cli = Cli::try_parse_from(line.unwrap().split(' ')).unwrap();
        assert!(cli.data.is_none(), "the state directory is the default");
        assert!(cli.command.is_none() && cli.serve.ticket_file.is_some());
        assert!(unit.contains("StateDirectory="));
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("17"), Ok(17));
        assert_eq!(size("2K"), Ok(2048));
        assert_eq!(size("3g"), Ok(3 << 30));
        for wrong in ["", "M", "-1", "1T", "1.5G", "99999999999G", "€"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
