//! What somebody prepares or says for themselves: capacity, their own plan, contacts, consents.

use serde::Serialize;
use sidelight::kinds::words::{Audience, Capacity, Word};
use sidelight::kinds::{self, CapacityNote, CareContact, OwnSupportPlan, Typed};
use sidelight::{Draft, Entry, FieldEdit, FieldValue, SearchRequest};

use super::needs::{changed, keep, said, set, window};
use super::today::write_plan;
use super::write::short;
use crate::cli::alone as cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::records::EntryRecord;
use crate::screen::Line;

/// `sidelight capacity`.
pub(crate) async fn capacity(
    home: &Home,
    options: cli::Capacity,
    output: Output,
) -> Result<(), Failure> {
    let capacity = Capacity::named(&options.capacity).unwrap_or(Capacity::Unsaid);
    let words = options.words.as_deref().map(said).transpose()?;
    let note = CapacityNote { capacity, words };
    keep(home, Draft::of(&note), options.share, output).await
}

/// `sidelight own-plan`.
pub(crate) async fn own_plan(
    home: &Home,
    options: cli::OwnPlan,
    output: Output,
) -> Result<(), Failure> {
    let (Some(name), Some(member)) = (options.section, options.text) else {
        let plans = home.read().await?.today().await?.plans;
        let own = plans.into_iter();
        let own: Vec<Entry> = own
            .filter(|plan| plan.kind == OwnSupportPlan::KIND)
            .collect();
        let records: Vec<_> = own.iter().map(EntryRecord::from).collect();
        return output.result(&records, || {
            let mut words = String::new();
            own.iter().for_each(|plan| write_plan(&mut words, plan));
            if words.is_empty() {
                words.push_str("Nothing yet. What holds you up? sidelight own-plan my_people NAME");
            }
            words.trim_end().to_owned()
        });
    };
    let journal = home.open().await?;
    let mut plans = journal.today().await?.plans.into_iter();
    let plan = match plans.find(|plan| plan.kind == OwnSupportPlan::KIND) {
        Some(plan) => plan,
        None => {
            let empty = Draft::of(&OwnSupportPlan::default());
            let id = journal.write(empty).await?;
            journal.entry(id).await?
        }
    };
    let edit = FieldEdit::Add { name, member };
    journal
        .edit_fields(plan.id.clone(), Some(plan.version), vec![edit])
        .await?;
    journal.shutdown().await;
    changed(&plan.id, plan.space, output)
}

#[derive(Serialize)]
struct Contacts<'a> {
    contacts: Vec<EntryRecord<'a>>,
}

/// `sidelight contact`.
pub(crate) async fn contact(
    home: &Home,
    options: cli::Contact,
    output: Output,
) -> Result<(), Failure> {
    let Some(name) = &options.name else {
        let request = SearchRequest {
            kinds: vec![CareContact::KIND.to_owned()],
            limit: 1000,
            ..SearchRequest::default()
        };
        let found = home.read().await?.search(request).await?.entries;
        let document = Contacts {
            contacts: found.iter().map(EntryRecord::from).collect(),
        };
        return output.result(&document, || {
            let lines: Vec<String> = found.iter().map(contact_line).collect();
            if lines.is_empty() {
                "No contacts yet. For a crisis: sidelight help-now".to_owned()
            } else {
                lines.join("\n")
            }
        });
    };
    let words = |text: &Option<String>| text.as_deref().map(said).transpose();
    let contact = CareContact {
        name: said(name)?,
        role: words(&options.role)?,
        how: words(&options.how)?,
        hours: words(&options.hours)?,
        share: options.let_share,
    };
    keep(home, Draft::of(&contact), false, output).await
}

fn contact_line(contact: &Entry) -> String {
    let mut parts = Vec::new();
    for name in ["name", "role", "how", "hours"] {
        let found = contact.fields.iter().find(|field| field.name == name);
        if let Some(FieldValue::Text(text)) = found.map(|field| &field.value) {
            parts.push(Line(text).to_string());
        }
    }
    format!("{}  {}", short(&contact.id), parts.join("; "))
}

/// `sidelight consent`.
pub(crate) async fn consent(
    home: &Home,
    options: cli::Consent,
    output: Output,
) -> Result<(), Failure> {
    if let Some(id) = options.revoke {
        let revoked = ("revoked", FieldValue::Flag(true));
        return set(home, id, kinds::Consent::KIND, revoked, output).await;
    }
    let item = said(options.item.as_deref().unwrap_or_default())?;
    let audience = Audience::named(&options.audience).unwrap_or(Audience::OnlyMe);
    let days = window(home, options.days)?;
    let consent = kinds::Consent::to(item, audience, days);
    keep(home, Draft::of(&consent), options.share, output).await
}
