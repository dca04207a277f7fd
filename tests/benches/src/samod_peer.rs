//! samod: what syncs Automerge documents over a network. A relay keeps every document in memory
//! and in plaintext; devices connect to it by TCP on loopback. All ends are in one process.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use automerge::Automerge;
use automerge::transaction::Transactable;
use futures::StreamExt;
use samod::tokio_io::TcpDialer;
use samod::{BackoffConfig, DocHandle, DocumentId, Repo, Transport};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::automerge::last_text;
use crate::measure::{Failed, Times, peak_memory, processor_time};

/// A relay with documents.
struct Relay {
    ids: Vec<DocumentId>,
    at: url::Url,
    accepting: JoinHandle<()>,
    _repo: Repo,
}

impl Relay {
    async fn start(files: &[PathBuf]) -> Result<Self, Failed> {
        let repo = Repo::build_tokio().load().await;
        let mut ids = Vec::new();
        for file in files {
            let document = Automerge::load(&std::fs::read(file)?)?;
            ids.push(repo.create(document).await?.document_id().clone());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let at: url::Url = format!("tcp://{}", listener.local_addr()?).parse()?;
        let acceptor = repo.make_acceptor(at.clone())?;
        let accepting = tokio::spawn(async move {
            while let Ok((io, _)) = listener.accept().await {
                let _ = io.set_nodelay(true);
                // The repository is there as long as this task.
                let _ = acceptor.accept(Transport::from_tokio_io(io));
            }
        });
        Ok(Self {
            ids,
            at,
            accepting,
            _repo: repo,
        })
    }

    async fn device(&self) -> Result<Repo, Failed> {
        let repo = Repo::build_tokio().load().await;
        let dialer = TcpDialer::new(self.at.clone()).map_err(|error| error.to_string())?;
        repo.dial(BackoffConfig::default(), Arc::new(dialer))?
            .established()
            .await
            .map_err(|_| "samod did not connect")?;
        Ok(repo)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What bringing all documents to a device that has none took.
#[derive(Debug, Serialize, Deserialize)]
pub struct ColdSync {
    pub first_us: u64,
    pub all_us: u64,
    /// On the processor, both ends.
    pub cpu_us: u64,
    pub peak_bytes: u64,
}

/// Brings the documents of a relay to a new device.
pub async fn cold(files: &[PathBuf]) -> Result<ColdSync, Failed> {
    let relay = Relay::start(files).await?;
    let (cpu, began) = (processor_time(), Instant::now());
    let device = relay.device().await?;
    let mut finding: futures::stream::FuturesUnordered<_> =
        relay.ids.iter().map(|id| device.find(id.clone())).collect();
    let (mut first, mut found) = (None, HashSet::new());
    while let Some(handle) = finding.next().await {
        let handle = handle?.ok_or("the relay has no such document")?;
        // It is found when all of it is there.
        handle.with_document(|document| last_text(document).map(drop))?;
        first.get_or_insert_with(|| began.elapsed());
        found.insert(handle.document_id().clone());
    }
    let all = began.elapsed();
    if found.len() != relay.ids.len() {
        return Err("not all documents came".into());
    }
    Ok(ColdSync {
        first_us: first.unwrap_or(all).as_micros() as u64,
        all_us: all.as_micros() as u64,
        cpu_us: (processor_time() - cpu).as_micros() as u64,
        peak_bytes: peak_memory(),
    })
}

/// From an edit on one device until another has it, through the relay, with one document open.
pub async fn edit_to_visible(file: &Path, times: usize) -> Result<Times, Failed> {
    let relay = Relay::start(&[file.to_owned()]).await?;
    let (ada, bo) = (relay.device().await?, relay.device().await?);
    let open = async |repo: &Repo| -> Result<DocHandle, Failed> {
        let found = repo.find(relay.ids[0].clone()).await?;
        Ok(found.ok_or("the relay has no such document")?)
    };
    let (here, there) = (open(&ada).await?, open(&bo).await?);
    let mut changes = there.changes();
    let text = here.with_document(|document| last_text(document))?;
    let mut seen = Times::default();
    for _ in 0..times {
        let began = Instant::now();
        let heads = here.with_document(|document| -> Result<_, Failed> {
            let mut edit = document.transaction();
            edit.splice_text(&text, 0, 0, "x")?;
            edit.commit();
            Ok(document.get_heads())
        })?;
        loop {
            let came = there.with_document(|document| document.get_heads() == heads);
            if came {
                break;
            }
            let next = tokio::time::timeout(Duration::from_secs(60), changes.next());
            next.await?.ok_or("samod stopped")?;
        }
        seen.push(began.elapsed());
    }
    Ok(seen)
}
