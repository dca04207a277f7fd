//! A person's own devices: listing, linking, removing.

use serde::Serialize;
use sidelight::OwnDevice;

use super::pair::{self, Shown};
use super::text_or_stdin;
use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::screen::Line;

#[derive(Serialize)]
struct DeviceRecord<'a> {
    id: &'a str,
    name: &'a str,
    this: bool,
}

impl<'a> From<&'a OwnDevice> for DeviceRecord<'a> {
    fn from(device: &'a OwnDevice) -> Self {
        Self {
            id: &device.id,
            name: &device.name,
            this: device.this,
        }
    }
}

#[derive(Serialize)]
struct RemovedRecord<'a> {
    removed: &'a str,
}

/// `sidelight device …`.
pub(crate) async fn device(
    home: &Home,
    options: cli::Device,
    output: Output,
) -> Result<(), Failure> {
    match options.command {
        cli::DeviceCommand::List => list(home, output).await,
        cli::DeviceCommand::Link(options) => pair::show(home, options, Shown::Device, output).await,
        cli::DeviceCommand::Join(options) => join(home, options, output).await,
        cli::DeviceCommand::Remove(options) => remove(home, options, output).await,
    }
}

async fn list(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let devices = journal.devices().await;
    journal.shutdown().await;
    let devices = devices?;
    let records: Vec<DeviceRecord<'_>> = devices.iter().map(DeviceRecord::from).collect();
    output.result(&records, || {
        let lines = devices.iter().map(|device| {
            let name = if device.name.is_empty() {
                "the first device".to_owned()
            } else {
                Line(&device.name).to_string()
            };
            let this = if device.this { ", this one" } else { "" };
            format!("{}  {name}{this}", device.id)
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

async fn join(home: &Home, options: cli::JoinOwn, output: Output) -> Result<(), Failure> {
    let link = text_or_stdin(options.link).await?;
    let keys = home.keys().begin(options.keys, output.is_json()).await?;
    let journal = home
        .join_own(keys, link.trim().to_owned(), options.name)
        .await?;
    pair::joined(journal, options.no_wait, output).await
}

async fn remove(home: &Home, options: cli::RemoveDevice, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let removed = journal.remove_device(options.id).await;
    journal.shutdown().await;
    let removed = removed?;
    output.result(&RemovedRecord { removed: &removed }, || {
        "It is removed. Everything written from now on is sealed to new keys, which it does not have; \
         what it has it keeps. The next `sidelight sync` tells your other devices."
    })
}
