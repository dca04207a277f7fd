//! The processes that play in the demo. Each is ended by its id, whatever happens: on the way out
//! of any error, when the demo is interrupted, and, by the end of their standard input, when the
//! demo itself is killed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::control::{Line, Order, Request};
use crate::failure::Failure;

/// How long any one step of the demo may take. The longest, typing the whole trace, takes a minute
/// where little is idle, and some five in a debug build there.
const STEP_MAX: Duration = Duration::from_secs(600);

/// How long a process may take to end by itself.
const END_MAX: Duration = Duration::from_secs(60);

/// The relay.
pub(super) struct RelayPart {
    child: Child,
    /// On the leash: the relay ends when it is dropped.
    leash: Option<ChildStdin>,
    pub(super) address: String,
    pub(super) listen: SocketAddr,
}

#[derive(serde::Deserialize)]
struct Started {
    address: String,
    listen: SocketAddr,
}

impl RelayPart {
    /// Starts a relay on `data`, which devices reach at `advertise`.
    pub(super) async fn start(
        data: &Path,
        listen: SocketAddr,
        advertise: SocketAddr,
    ) -> Result<Self, Failure> {
        let mut command = this_program()?;
        command
            .args(["relay", "--json", "--leashed"])
            .args(["--listen", &listen.to_string()])
            .args(["--advertise", &advertise.to_string()])
            .arg("--data")
            .arg(data);
        let mut child = spawn(command)?;
        let leash = child.stdin.take();
        let stdout = child.stdout.take().ok_or_else(|| lost("relay"))?;
        let mut lines = BufReader::new(stdout).lines();
        let line = bounded("the relay starts", lines.next_line()).await?;
        let line = line.ok().flatten().ok_or_else(|| lost("relay"))?;
        let started: Started = serde_json::from_str(&line).map_err(|_| lost("relay"))?;
        Ok(Self {
            child,
            leash,
            address: started.address,
            listen: started.listen,
        })
    }

    /// SIGKILL: no goodbye, no commit.
    pub(super) async fn kill(mut self) -> Result<(), Failure> {
        self.child.kill().await.map_err(|error| {
            Failure::internal(format!(
                "the relay could not be killed ({error}); report this"
            ))
        })
    }

    /// Lets it end in order.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        drop(self.leash.take());
        end(&mut self.child, "relay").await
    }
}

/// One of the two devices.
pub(super) struct DevicePart {
    name: &'static str,
    child: Child,
    stdin: ChildStdin,
    replies: Arc<Mutex<Replies>>,
    next: u64,
}

/// By the number of the request: who waits for the reply.
type Replies = HashMap<u64, oneshot::Sender<Result<serde_json::Value, String>>>;

/// What a device says without being asked: which device, and what.
pub(super) type Notes = mpsc::UnboundedReceiver<(usize, Line)>;

impl DevicePart {
    /// Starts a device whose home is `home`; its notes go to `notes` under `number`.
    pub(super) fn start(
        name: &'static str,
        home: &Path,
        number: usize,
        notes: mpsc::UnboundedSender<(usize, Line)>,
    ) -> Result<Self, Failure> {
        let mut command = this_program()?;
        command.arg("demo-device").arg("--home").arg(home);
        let mut child = spawn(command)?;
        let stdin = child.stdin.take().ok_or_else(|| lost(name))?;
        let stdout = child.stdout.take().ok_or_else(|| lost(name))?;
        let replies = Arc::new(Mutex::new(Replies::new()));
        let waiting = replies.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let (number, reply) = match serde_json::from_str(&line) {
                    Ok(Line::Done { number, reply }) => (number, Ok(reply)),
                    Ok(Line::Failed { number, sentence }) => (number, Err(sentence)),
                    Ok(note) => {
                        drop(notes.send((number, note)));
                        continue;
                    }
                    Err(_) => break,
                };
                let asked = lock(&waiting).remove(&number);
                if let Some(asked) = asked {
                    drop(asked.send(reply));
                }
            }
            // Whoever still waits learns that the device is gone.
            lock(&waiting).clear();
        });
        Ok(Self {
            name,
            child,
            stdin,
            replies,
            next: 0,
        })
    }

    /// Gives an order, and a future of its reply.
    pub(super) async fn begin<R: DeserializeOwned>(
        &mut self,
        order: Order,
    ) -> Result<impl Future<Output = Result<R, Failure>> + 'static, Failure> {
        let name = self.name;
        let what = name_of(&order);
        self.next += 1;
        let (asked, reply) = oneshot::channel();
        lock(&self.replies).insert(self.next, asked);
        self.send(self.next, order).await?;
        Ok(async move {
            let reply = bounded(what, reply).await?.map_err(|_| lost(name))?;
            let reply = reply.map_err(|sentence| {
                Failure::internal(format!("{name}'s device could not {what}: {sentence}"))
            })?;
            serde_json::from_value(reply).map_err(|_| lost(name))
        })
    }

    /// Gives an order and waits for its reply.
    pub(super) async fn ask<R: DeserializeOwned>(&mut self, order: Order) -> Result<R, Failure> {
        self.begin(order).await?.await
    }

    /// Tells something that has no reply.
    pub(super) async fn tell(&mut self, order: Order) -> Result<(), Failure> {
        self.send(0, order).await
    }

    async fn send(&mut self, number: u64, order: Order) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(&Request { number, order })
            .map_err(|error| Failure::internal(error.to_string()))?;
        line.push(b'\n');
        let sent = bounded("listen", self.stdin.write_all(&line)).await?;
        sent.map_err(|_| lost(self.name))
    }

    /// Lets it finish and end.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        self.ask::<()>(Order::End).await?;
        drop(self.stdin);
        end(&mut self.child, self.name).await
    }
}

fn this_program() -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::internal(format!(
            "this program does not find itself ({error}); report this"
        ))
    })?;
    let mut command = Command::new(program);
    // The home of whoever runs the demo is none of its business.
    command.env_remove("SIDELIGHT_HOME");
    Ok(command)
}

fn spawn(mut command: Command) -> Result<Child, Failure> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            Failure::internal(format!(
                "no further process could be started ({error}); try again"
            ))
        })
}

async fn end(child: &mut Child, name: &str) -> Result<(), Failure> {
    match timeout(END_MAX, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(Failure::internal(format!("the {name} ended with {status}"))),
        Ok(Err(error)) => Err(Failure::internal(error.to_string())),
        Err(_) => {
            // Its fault is told; it must not outlive the demo for it.
            drop(child.kill().await);
            Err(Failure::internal(format!(
                "the {name} did not end in {} seconds; report this",
                END_MAX.as_secs()
            )))
        }
    }
}

async fn bounded<F: IntoFuture>(what: &str, future: F) -> Result<F::Output, Failure> {
    timeout(STEP_MAX, future).await.map_err(|_| {
        Failure::internal(format!(
            "the demo waited {} seconds for one step ({what}); report this",
            STEP_MAX.as_secs()
        ))
    })
}

fn lost(name: &str) -> Failure {
    Failure::internal(format!(
        "the {name} ended too early; what it said stands above"
    ))
}

/// What an order asks for, to complete «could not …».
fn name_of(order: &Order) -> &'static str {
    match order {
        Order::Begin { .. } => "begin a journal",
        Order::Invite => "invite",
        Order::Join { .. } => "join",
        Order::Compare => "get something to compare",
        Order::Confirm { .. } => "confirm",
        Order::Paired => "complete the pairing",
        Order::GoLive | Order::GoQuiet => "change its connection",
        Order::Import { .. } => "import the diary",
        Order::Outbox => "count what waits",
        Order::Drained => "send everything",
        Order::Gather { .. } => "receive everything",
        Order::Write { .. } | Order::Append { .. } => "write",
        Order::Watch { .. } | Order::Await { .. } => "see a change",
        Order::Type { .. } | Order::Typed(_) => "type the trace",
        Order::Read { .. } => "read an entry",
        Order::Export { .. } => "export",
        Order::End => "end",
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
