//! What is known about a provider, as data: endpoints, encodings, grants, rotation, error shapes.

mod built_in;
pub mod environment;
pub mod grant;
pub mod profile;
mod profile_reader;
mod profile_words;
mod profile_writer;
pub(crate) mod reserved;
pub(crate) mod template;
