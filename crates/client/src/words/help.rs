//! Whom to call in a crisis, by place.

use serde::Deserialize;

use super::check::{self, At, Defect};
use super::file::once;
use super::named::named;
use crate::{Date, Error};

/// There are some 250 codes of countries.
const REGIONS_MAX: usize = 400;
const RESOURCES_MAX: usize = 40;
const REACH_MAX: usize = 6;
const LANGUAGES_MAX: usize = 40;
const NAME_LEN_MAX: usize = 120;
const NOTE_LEN_MAX: usize = 300;

/// The code under which stands what serves anywhere. ISO 3166 leaves it to its users.
const ELSEWHERE: &str = "ZZ";

named! {
    /// What a resource is for.
    pub enum Purpose {
        /// Somebody is in danger now.
        Emergency = "emergency",
        /// Somebody to talk to.
        Distress = "distress",
        /// Violence, or fear, at home.
        PartnerViolence = "partner_violence",
    }
}

named! {
    /// How a resource is reached.
    pub enum Channel {
        /// A telephone number to call.
        Call = "call",
        /// A telephone number to send a message to.
        Text = "text",
        /// A page on the web. Opening it tells the network; ask before.
        Web = "web",
    }
}

/// One way to reach a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How.
    pub channel: Channel,
    /// The number, of digits, spaces, `+`, `-` and brackets; or the address, `https` only.
    pub to: String,
    /// What to write, if a message must begin with a certain word.
    pub message: Option<String>,
}

/// Somebody who helps.
///
/// The library cannot know whether a line is open or will answer, and contacts nobody:
/// [`Sentence::HelpCannotKnow`](super::Sentence::HelpCannotKnow) says so, and is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// What it is called.
    pub name: String,
    /// How it is reached; empty where that differs from place to place.
    pub reach: Vec<Reach>,
    /// When, as its source says; none if that was not found, or sources disagree.
    pub hours: Option<String>,
    /// The languages that are spoken there, as tags.
    pub languages: Vec<String>,
    /// For whom it is.
    pub audience: String,
    /// What else to know.
    pub note: Option<String>,
    /// Where it was found.
    pub source: String,
    /// When it was last looked up.
    pub checked_on: Date,
    /// When it is due to be looked up again.
    pub review_by: Date,
}

impl Resource {
    /// Whether it is past its review on this day, or the day is before it was looked up, so that
    /// the clock cannot be right. A stale resource is shown all the same, with a warning.
    pub fn stale(&self, on: Date) -> bool {
        check::stale(on, self.checked_on, self.review_by)
    }
}

/// A place, and who helps there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its code: two capital letters, as in ISO 3166. `ZZ` is anywhere else.
    pub code: String,
    /// Other codes that people use for it, as `UK` for `GB`.
    pub aliases: Vec<String>,
    /// What it is called.
    pub name: String,
    /// Who helps there, in the order in which to show them. One at least.
    pub resources: Vec<Resource>,
}

impl Region {
    /// Whether any of its resources is [stale](Resource::stale).
    pub fn stale(&self, on: Date) -> bool {
        self.resources.iter().any(|resource| resource.stale(on))
    }

    /// The earliest day on which one of its resources was looked up.
    pub fn checked_on(&self) -> Option<Date> {
        self.resources
            .iter()
            .map(|resource| resource.checked_on)
            .min()
    }

    /// The earliest day by which one of its resources is due to be looked up again.
    pub fn review_by(&self) -> Option<Date> {
        self.resources
            .iter()
            .map(|resource| resource.review_by)
            .min()
    }

    fn is(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code)
            || self
                .aliases
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(code))
    }
}

/// Help by place. It needs no journal and no network, and nothing here can record that it was
/// opened.
///
/// The place is one that a person chooses. There is deliberately no way to ask for it by locale,
/// address or position: the same number is the police in one country and advice on health in
/// another.
#[derive(Clone, Debug)]
pub struct Help {
    regions: Vec<Region>,
}

impl Help {
    /// The list that comes with the library.
    pub fn embedded() -> Self {
        let file = include_str!("../../words/resources.json");
        read(file).expect("a test reads the library's own list")
    }

    /// An app's own list: `format` (1), `author`, and `regions`, a list of `code`, `name`,
    /// `aliases` (may be left out) and `resources`, a list of `id`, `purpose`, `name`, `reach`
    /// (list of `channel`, `to`, `message`), `hours`, `languages`, `audience`, `note`, `source`,
    /// `checked_on`, `review_by`. `message`, `hours` and `note` may be left out. The code `ZZ`
    /// must be there, for places without a list. Unknown fields are ignored; unknown purposes
    /// and channels are refused.
    ///
    /// # Errors
    /// Invalid if the file is not of that form, is over its bounds, or holds what a text, number
    /// or address must not hold; update needed if its `format` is a later one.
    pub fn from_json(file: &str) -> Result<Self, Error> {
        Ok(read(file)?)
    }

    /// All places, to choose from; the last is anywhere else.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The place of this code, in capital letters or small ones. None if there is no list for
    /// it: then [`elsewhere`](Self::elsewhere) is what to show, never nothing.
    pub fn region(&self, code: &str) -> Option<&Region> {
        let code = code.trim();
        self.regions.iter().find(|region| region.is(code))
    }

    /// What serves anywhere.
    pub fn elsewhere(&self) -> &Region {
        self.regions.last().expect("no list is read without it")
    }
}

#[derive(Deserialize)]
struct File {
    format: u32,
    author: String,
    regions: Vec<RegionForm>,
}

#[derive(Deserialize)]
struct RegionForm {
    code: String,
    #[serde(default)]
    aliases: Vec<String>,
    name: String,
    resources: Vec<ResourceForm>,
}

#[derive(Deserialize)]
struct ResourceForm {
    id: String,
    purpose: String,
    name: String,
    reach: Vec<ReachForm>,
    hours: Option<String>,
    languages: Vec<String>,
    audience: String,
    note: Option<String>,
    source: String,
    checked_on: String,
    review_by: String,
}

#[derive(Deserialize)]
struct ReachForm {
    channel: String,
    to: String,
    message: Option<String>,
}

fn read(file: &str) -> Result<Help, Defect> {
    let file: File = check::parse(file)?;
    check::format(file.format)?;
    check::text(At("file", 0), "author", file.author, NAME_LEN_MAX)?;
    check::count("regions", file.regions.len(), REGIONS_MAX)?;
    let mut regions = file
        .regions
        .into_iter()
        .enumerate()
        .map(|(place, form)| region(At("region", place + 1), form))
        .collect::<Result<Vec<_>, _>>()?;
    let codes = regions
        .iter()
        .flat_map(|region| core::iter::once(&region.code).chain(&region.aliases));
    once("code", codes)?;
    let resources = regions.iter().flat_map(|region| &region.resources);
    once("resource", resources.map(|resource| &resource.id))?;
    let elsewhere = regions.iter().position(|region| region.code == ELSEWHERE);
    let elsewhere = regions.remove(elsewhere.ok_or(Defect::Elsewhere)?);
    regions.push(elsewhere);
    Ok(Help { regions })
}

fn region(at: At, form: RegionForm) -> Result<Region, Defect> {
    check::count("resources of a region", form.resources.len(), RESOURCES_MAX)?;
    if form.resources.is_empty() {
        return Err(Defect::Field {
            at,
            field: "resources",
        });
    }
    Ok(Region {
        code: code(at, form.code)?,
        aliases: form
            .aliases
            .into_iter()
            .map(|alias| code(at, alias))
            .collect::<Result<_, _>>()?,
        name: check::text(at, "name", form.name, NAME_LEN_MAX)?,
        resources: form
            .resources
            .into_iter()
            .map(|form| resource(at, form))
            .collect::<Result<_, _>>()?,
    })
}

fn resource(at: At, form: ResourceForm) -> Result<Resource, Defect> {
    let purpose = Purpose::parse(&form.purpose).ok_or(Defect::Field {
        at,
        field: "purpose",
    })?;
    let (checked_on, review_by) = check::review(at, &form.checked_on, &form.review_by)?;
    check::count("ways to reach a resource", form.reach.len(), REACH_MAX)?;
    check::count("languages", form.languages.len(), LANGUAGES_MAX)?;
    let optional = |field, text: Option<String>, max| {
        text.map(|text| check::text(at, field, text, max))
            .transpose()
    };
    Ok(Resource {
        id: check::id(at, form.id)?,
        purpose,
        name: check::text(at, "name", form.name, NAME_LEN_MAX)?,
        reach: form
            .reach
            .into_iter()
            .map(|form| reach(at, form))
            .collect::<Result<_, _>>()?,
        hours: optional("hours", form.hours, NAME_LEN_MAX)?,
        languages: form
            .languages
            .into_iter()
            .map(|tag| check::locale(at, "languages", tag))
            .collect::<Result<_, _>>()?,
        audience: check::text(at, "audience", form.audience, NAME_LEN_MAX)?,
        note: optional("note", form.note, NOTE_LEN_MAX)?,
        source: check::text(at, "source", form.source, NOTE_LEN_MAX)?,
        checked_on,
        review_by,
    })
}

fn reach(at: At, form: ReachForm) -> Result<Reach, Defect> {
    let channel = Channel::parse(&form.channel).ok_or(Defect::Field {
        at,
        field: "channel",
    })?;
    let to = match channel {
        Channel::Call | Channel::Text => check::number(at, form.to)?,
        Channel::Web => check::url(at, "to", form.to)?,
    };
    // Only a message has words; as many as fit on a button.
    let message = match (channel, form.message) {
        (_, None) => None,
        (Channel::Text, Some(message)) => Some(check::text(at, "message", message, 40)?),
        (_, Some(_)) => {
            return Err(Defect::Field {
                at,
                field: "message",
            });
        }
    };
    Ok(Reach {
        channel,
        to,
        message,
    })
}

/// Two capital letters.
fn code(at: At, code: String) -> Result<String, Defect> {
    if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Defect::Field { at, field: "code" });
    }
    Ok(code)
}
