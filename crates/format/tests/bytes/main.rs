//! What the bytes are, and that no others are taken for them.

mod damage;
mod golden;
mod links;
mod samples;
mod texts;
mod variants;
