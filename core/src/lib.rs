#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod base;
pub mod client;
#[cfg(feature = "std")]
pub mod drive;
pub mod flow;
pub mod message;
pub mod messages;
pub mod provider;
