//! Evidence that somebody exported, checked.

use serde::Serialize;
use sidelight::Evidence;

use crate::cli;
use crate::failure::Failure;
use crate::output::Output;
use crate::screen::first_line;

#[derive(Serialize)]
struct Verified {
    exporter: String,
    entries: u64,
    persons: Vec<Person>,
}

#[derive(Serialize)]
struct Person {
    id: String,
    name: String,
    entries: u64,
}

/// `sidelight verify`.
pub(crate) async fn verify(options: cli::Verify, output: Output) -> Result<(), Failure> {
    let verified = sidelight::verify_evidence(options.folder, options.html).await;
    let evidence = verified.map_err(|error| Failure::invalid(error.to_string()))?;
    let persons = evidence.persons.iter().map(|person| Person {
        id: person.id.clone(),
        name: person.name.clone(),
        entries: person.entries,
    });
    let document = Verified {
        exporter: evidence.exporter.clone(),
        entries: evidence.entries,
        persons: persons.collect(),
    };
    output.result(&document, || words(&evidence))
}

fn words(evidence: &Evidence) -> String {
    let mut words = format!(
        "{} entries are proved: each was signed by devices that the key of its author's person \
         vouches for, and nothing was changed since.",
        evidence.entries
    );
    for person in &evidence.persons {
        let made = match person.id == evidence.exporter {
            true => ", who made this",
            false => "",
        };
        // A name is whatever somebody typed.
        let name = first_line(&person.name, 64);
        words.push_str(&format!(
            "\n{} entries by the person {}{made}; called «{name}» there",
            person.entries, person.id
        ));
    }
    words.push_str(
        "\nIt does not prove who these persons are, when they wrote, or that this is everything: \
         see README.txt in the folder. Compare the ids with the persons' own `sidelight status`.",
    );
    words
}
