//! What happens, is noticed, is thought.

use std::collections::BTreeSet;

use sidelight_format::Rendered;

use super::content::{Content, Reader, Said, Typed, Writer};
use super::words::Effort;

/// What somebody thinks, for themselves alone. It is never shared, whatever anybody calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reflection {
    /// The thought.
    pub text: Said,
    /// The prompt that it answers, by its id.
    pub prompt: Option<Said>,
}

impl Reflection {
    /// A thought.
    pub fn new(text: Said) -> Self {
        Self { text, prompt: None }
    }

    /// In answer to a prompt.
    #[must_use]
    pub fn prompted_by(self, prompt: Said) -> Self {
        Self {
            prompt: Some(prompt),
            ..self
        }
    }
}

impl Typed for Reflection {
    const KIND: &'static str = "reflection";

    fn content(&self) -> Content {
        let writer = Writer::of::<Self>().text(&self.text);
        writer.words("prompt", self.prompt.as_ref()).done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            text: reader.text()?,
            prompt: reader.words("prompt"),
        })
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What.
    pub text: Said,
    /// Names of attachments.
    pub media: BTreeSet<Said>,
}

impl Moment {
    /// This happened.
    pub fn new(text: Said) -> Self {
        Self {
            text,
            media: BTreeSet::new(),
        }
    }
}

impl Typed for Moment {
    const KIND: &'static str = "moment";

    fn content(&self) -> Content {
        let writer = Writer::of::<Self>().text(&self.text);
        writer.members("media", &self.media).done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            text: reader.text()?,
            media: reader.members("media"),
        })
    }
}

/// Something to be grateful for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gratitude {
    /// What.
    pub text: Said,
    /// Toward whom or what.
    pub toward: Option<Said>,
}

impl Gratitude {
    /// For this.
    pub fn for_(text: Said) -> Self {
        Self { text, toward: None }
    }

    /// Toward somebody or something.
    #[must_use]
    pub fn toward(self, toward: Said) -> Self {
        Self {
            toward: Some(toward),
            ..self
        }
    }
}

impl Typed for Gratitude {
    const KIND: &'static str = "gratitude";

    fn content(&self) -> Content {
        let writer = Writer::of::<Self>().text(&self.text);
        writer.words("toward", self.toward.as_ref()).done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            text: reader.text()?,
            toward: reader.words("toward"),
        })
    }
}

/// Something that the other did and that was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appreciation {
    /// What was noticed.
    pub noticed: Said,
    /// What it meant.
    pub meant_to_me: Option<Said>,
}

impl Appreciation {
    /// This was noticed.
    pub fn noticed(noticed: Said) -> Self {
        Self {
            noticed,
            meant_to_me: None,
        }
    }

    /// And meant this.
    #[must_use]
    pub fn meant_to_me(self, meant: Said) -> Self {
        Self {
            meant_to_me: Some(meant),
            ..self
        }
    }
}

impl Typed for Appreciation {
    const KIND: &'static str = "appreciation";

    fn content(&self) -> Content {
        let writer = Writer::of::<Self>().text(&self.noticed);
        writer
            .words("meant_to_me", self.meant_to_me.as_ref())
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            noticed: reader.text()?,
            meant_to_me: reader.words("meant_to_me"),
        })
    }
}

/// A small contact: hands held while watching something. Nobody adds them up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicroConnection {
    /// What it was.
    pub what: Said,
    /// Whether both took part, rather than one giving.
    pub both: bool,
    /// What it took.
    pub effort: Option<Effort>,
}

impl MicroConnection {
    /// This.
    pub fn new(what: Said) -> Self {
        Self {
            what,
            both: false,
            effort: None,
        }
    }

    /// Both took part.
    #[must_use]
    pub fn by_both(self) -> Self {
        Self { both: true, ..self }
    }

    /// What it took.
    #[must_use]
    pub fn taking(self, effort: Effort) -> Self {
        Self {
            effort: Some(effort),
            ..self
        }
    }
}

impl Typed for MicroConnection {
    const KIND: &'static str = "micro_connection";

    fn content(&self) -> Content {
        let writer = Writer::of::<Self>().text(&self.what);
        writer
            .flag("both", self.both)
            .word_if("effort", self.effort)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            what: reader.text()?,
            both: reader.flag("both", false),
            effort: reader.word("effort"),
        })
    }
}
