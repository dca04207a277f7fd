//! Written shortly.
