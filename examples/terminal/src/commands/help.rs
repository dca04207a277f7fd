//! `sidelight help-now`: whom to call. No home is opened for it, no key asked for, nothing kept.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use serde::Serialize;
use sidelight::Date;
use sidelight::words::{
    Channel, FILE_LEN_MAX, Help, Purpose, Reach, Region, Resource, Sentence, Words,
};

use crate::cli;
use crate::failure::Failure;
use crate::output::{Output, can_ask};
use crate::screen::Line;

/// What a terminal adds to what is said everywhere.
const SHELL: &str =
    "Your shell may keep this command in its history, and the window what it printed.";

#[derive(Serialize)]
struct HelpRecord<'a> {
    regions: Vec<PlaceRecord<'a>>,
    /// None until a place is chosen.
    region: Option<RegionRecord<'a>>,
    cannot_know: &'a str,
    not_recorded: &'a str,
}

#[derive(Serialize)]
struct PlaceRecord<'a> {
    code: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct RegionRecord<'a> {
    code: &'a str,
    name: &'a str,
    /// Whether it stands in for a place without a list.
    elsewhere: bool,
    stale: bool,
    resources: Vec<ResourceRecord<'a>>,
}

#[derive(Serialize)]
struct ResourceRecord<'a> {
    id: &'a str,
    purpose: &'a str,
    name: &'a str,
    reach: Vec<ReachRecord<'a>>,
    hours: Option<&'a str>,
    languages: &'a [String],
    audience: &'a str,
    note: Option<&'a str>,
    source: &'a str,
    checked_on: String,
    review_by: String,
    stale: bool,
}

#[derive(Serialize)]
struct ReachRecord<'a> {
    channel: &'a str,
    to: &'a str,
    message: Option<&'a str>,
}

/// `sidelight help-now`. It opens no home and asks for no key, and whatever goes wrong it ends
/// with something to call.
pub(crate) fn help_now(options: cli::HelpNow, output: Output) -> Result<(), Failure> {
    let words = Words::embedded(options.locale.as_deref().unwrap_or("en"));
    let help = match options.file.as_deref().map(own_list) {
        None => Help::embedded(),
        Some(Ok(help)) => help,
        Some(Err(sentence)) => {
            // Said on the side, also to programs: the list that is built in is better than none.
            let notice = format!("sidelight: {sentence}; this is the list that is built in");
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("{}\n", Line(&notice)).as_bytes(),
            );
            Help::embedded()
        }
    };
    let mut chosen = options.region;
    if chosen.is_none() && !output.is_json() && can_ask() {
        output.print(places(&words, &help))?;
        let mut answer = String::new();
        if std::io::stdin().read_line(&mut answer).is_ok() && !answer.trim().is_empty() {
            chosen = Some(answer);
        }
    }
    let region = chosen
        .as_deref()
        .map(|code| help.region(code).unwrap_or(help.elsewhere()));
    let found = chosen
        .as_deref()
        .and_then(|code| help.region(code))
        .is_some();
    let today = Date::today();
    let document = HelpRecord {
        regions: help
            .regions()
            .iter()
            .map(|region| PlaceRecord {
                code: &region.code,
                name: &region.name,
            })
            .collect(),
        region: region.map(|region| region_record(region, !found, today)),
        cannot_know: words.sentence(Sentence::HelpCannotKnow),
        not_recorded: words.sentence(Sentence::HelpNotRecorded),
    };
    output.result(&document, || match region {
        Some(region) => one_region(&words, region, found, today),
        // Who cannot be asked sees the places, and what serves in all of them.
        None => format!(
            "{}\n\n{}",
            places(&words, &help),
            one_region(&words, help.elsewhere(), true, today)
        ),
    })
}

/// A list of a person's or an app's own.
fn own_list(file: &Path) -> Result<Help, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(FILE_LEN_MAX as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("the file cannot be read ({error})"))?;
    let text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())?;
    Help::from_json(&text).map_err(|error| error.detail().to_owned())
}

fn region_record<'a>(region: &'a Region, elsewhere: bool, today: Date) -> RegionRecord<'a> {
    let reach = |reach: &'a Reach| ReachRecord {
        channel: reach.channel.as_str(),
        to: &reach.to,
        message: reach.message.as_deref(),
    };
    let resource = |resource: &'a Resource| ResourceRecord {
        id: &resource.id,
        purpose: resource.purpose.as_str(),
        name: &resource.name,
        reach: resource.reach.iter().map(reach).collect(),
        hours: resource.hours.as_deref(),
        languages: &resource.languages,
        audience: &resource.audience,
        note: resource.note.as_deref(),
        source: &resource.source,
        checked_on: resource.checked_on.to_string(),
        review_by: resource.review_by.to_string(),
        stale: resource.stale(today),
    };
    RegionRecord {
        code: &region.code,
        name: &region.name,
        elsewhere,
        stale: region.stale(today),
        resources: region.resources.iter().map(resource).collect(),
    }
}

/// Where one may be.
fn places(words: &Words, help: &Help) -> String {
    let mut text = words.sentence(Sentence::HelpChoose).to_owned();
    for region in help.regions() {
        let _ = write!(text, "\n  {}  {}", region.code, Line(&region.name));
        for alias in &region.aliases {
            let _ = write!(text, " (or {alias})");
        }
    }
    text.push_str("\n\n  sidelight help-now --region NZ");
    text
}

fn one_region(words: &Words, region: &Region, found: bool, today: Date) -> String {
    let mut text = String::new();
    if !found {
        let _ = writeln!(text, "{}", words.sentence(Sentence::HelpElsewhere));
    }
    let _ = writeln!(text, "{}", Line(&region.name));
    let _ = writeln!(text, "{}", words.sentence(Sentence::HelpDanger));
    for purpose in Purpose::ALL {
        let mut of_it = region
            .resources
            .iter()
            .filter(|r| r.purpose == *purpose)
            .peekable();
        if of_it.peek().is_some() {
            let title = words.sentence(Sentence::of_purpose(*purpose));
            let _ = writeln!(text, "\n{title}");
        }
        for resource in of_it {
            one_resource(&mut text, words, resource);
        }
    }
    text.push('\n');
    if let (true, Some(review_by)) = (region.stale(today), region.review_by()) {
        let _ = writeln!(text, "{}", words.dated(Sentence::HelpStale, review_by));
    }
    if let Some(checked_on) = region.checked_on() {
        let _ = writeln!(text, "{}", words.dated(Sentence::HelpChecked, checked_on));
    }
    let _ = write!(
        text,
        "{}\n{}\n{SHELL}",
        words.sentence(Sentence::HelpCannotKnow),
        words.sentence(Sentence::HelpNotRecorded)
    );
    text
}

fn one_resource(text: &mut String, words: &Words, resource: &Resource) {
    let _ = write!(text, "  {}", Line(&resource.name));
    for reach in &resource.reach {
        let how = words.sentence(match reach.channel {
            Channel::Call => Sentence::ChannelCall,
            Channel::Text => Sentence::ChannelText,
            _ => Sentence::ChannelWeb,
        });
        let _ = write!(text, "\n    {how} {}", Line(&reach.to));
        if let Some(message) = &reach.message {
            let _ = write!(text, ": {}", Line(message));
        }
    }
    let mut about = Vec::new();
    about.extend(resource.hours.as_deref());
    if resource.audience != "everyone" {
        about.push(&resource.audience);
    }
    if !about.is_empty() {
        let _ = write!(text, "\n    {}", Line(&about.join("; ")));
    }
    if let Some(note) = &resource.note {
        let _ = write!(text, "\n    {}", Line(note));
    }
    text.push('\n');
}
