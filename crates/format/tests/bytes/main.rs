//! What the bytes are, and that no others are taken for them.

mod damage;
mod document;
mod golden;
mod links;
mod samples;
mod texts;
mod variants;
